import { z } from 'zod';
import type { AuditedOutcome, AuditedWrite, ObservedWrite, WriteObserver } from '../audit/audit.js';
import type { Page } from '../graph/graph.js';
import type { CursorCodec } from '../graph/requests/cursor.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { Person } from './job.js';

/** One write: a single call, or a row of a bulk update or a job. */
export interface Activity {
  /** When its outcome was known (ISO 8601, UTC). */
  readonly at: string;
  readonly actor: Person;
  readonly action: AuditedWrite['action'];
  readonly scriptKind: string;
  readonly scriptId: string;
  /** Absent if a state could not be created. */
  readonly userStateId?: string;
  /** The state before the write, if it was read. */
  readonly before?: ScriptUserState;
  /** The state after it, if Graph has shown it. */
  readonly after?: ScriptUserState;
  readonly outcome: AuditedOutcome;
  readonly requestId: string;
  readonly jobId?: string;
}

/** Selects activities by the fields that are set. */
export interface ActivityFilter {
  readonly scriptKind?: string | undefined;
  readonly scriptId?: string | undefined;
  readonly userStateId?: string | undefined;
  readonly jobId?: string | undefined;
}

/** The latest writes, for people. The audit trail is the evidence. */
export interface ActivityLog {
  readonly record: WriteObserver;
  /** The selected activities, newest first. @throws {CursorError} */
  list(filter: ActivityFilter, cursor: string | undefined): Promise<Page<Activity>>;
}

/** Some of the stored activities. */
export interface ActivityPage {
  readonly items: readonly Activity[];
  /** The position before which the next page starts; `undefined` on the last page. */
  readonly before: string | undefined;
}

/** Where activities are stored. */
export interface ActivityStore {
  /** Never throws, and does not wait. */
  add(activity: Activity): void;
  /** The selected activities before a position, newest first. A page can be empty although there are further ones. */
  read(filter: ActivityFilter, before: string | undefined): Promise<ActivityPage>;
}

/** The maximum number of activities in a page. */
export const activitiesPerPage = 100;

const activityPosition = z.object({ before: z.string() });

/** Creates a log of the latest writes. */
export function createActivityLog(store: ActivityStore, cursors: CursorCodec): ActivityLog {
  return {
    record(write) {
      if (write.outcome !== 'unchanged') store.add(describe(write));
    },
    async list(filter, cursor) {
      const { scriptKind, scriptId, userStateId, jobId } = filter;
      const query = ['activity', scriptKind, scriptId, userStateId, jobId].join(' ').toLowerCase();
      const position = cursors.decode(cursor, activityPosition, query);
      const { items, before } = await store.read(filter, position?.before);
      const next = cursors.encode(before === undefined ? undefined : { before }, query);
      return { items, ...(next !== undefined && { nextCursor: next }) };
    },
  };
}

/** Whether a filter selects an activity. */
export function isSelected(activity: Activity, { scriptKind, scriptId, userStateId, jobId }: ActivityFilter): boolean {
  return (
    (scriptKind === undefined || scriptKind === activity.scriptKind) &&
    (scriptId === undefined || scriptId.toLowerCase() === activity.scriptId.toLowerCase()) &&
    (userStateId === undefined || userStateId.toLowerCase() === activity.userStateId?.toLowerCase()) &&
    (jobId === undefined || jobId === activity.jobId)
  );
}

/** The activity of a write that has just ended. */
function describe({ actor, action, target, before, after, outcome }: ObservedWrite): Activity {
  const { oid, name } = actor.user;
  const userStateId = target.userStateId ?? after?.id;
  return {
    at: new Date().toISOString(),
    actor: { oid, name },
    action,
    scriptKind: target.scriptKind,
    scriptId: target.scriptId,
    ...(userStateId !== undefined && { userStateId }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    outcome,
    requestId: actor.requestId,
    ...(actor.jobId !== undefined && { jobId: actor.jobId }),
  };
}
