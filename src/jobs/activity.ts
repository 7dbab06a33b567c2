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

/** The number of activities in memory: about 8 MB. */
const maxActivities = 10_000;

const perPage = 100;

const activityPosition = z.object({ before: z.int() });

/**
 * Creates a log of the latest writes in the memory of this process.
 *
 * @param retentionMs how long an activity is kept
 */
export function createMemoryActivityLog(cursors: CursorCodec, retentionMs: number): ActivityLog {
  /** A ring: the activity with a number is at its remainder. */
  const ring: Activity[] = [];
  let count = 0;

  return {
    record(write) {
      if (write.outcome === 'unchanged') return;
      ring[count % maxActivities] = describe(write);
      count++;
    },
    async list(filter, cursor) {
      const { scriptKind, scriptId, userStateId, jobId } = filter;
      const query = ['activity', scriptKind, scriptId, userStateId, jobId].join(' ').toLowerCase();
      const position = cursors.decode(cursor, activityPosition, query);
      const oldest = new Date(Date.now() - retentionMs).toISOString();
      const items: Activity[] = [];
      let number = Math.min(count, position?.before ?? count) - 1;
      for (; number >= Math.max(0, count - maxActivities) && items.length < perPage; number--) {
        const activity = ring[number % maxActivities];
        if (activity === undefined || activity.at < oldest) break;
        if (matches(activity, filter)) items.push(activity);
      }
      const next = items.length === perPage ? cursors.encode({ before: number + 1 }, query) : undefined;
      return { items, ...(next !== undefined && { nextCursor: next }) };
    },
  };
}

function matches(activity: Activity, { scriptKind, scriptId, userStateId, jobId }: ActivityFilter): boolean {
  return (
    (scriptKind === undefined || scriptKind === activity.scriptKind) &&
    (scriptId === undefined || scriptId.toLowerCase() === activity.scriptId.toLowerCase()) &&
    (userStateId === undefined || userStateId.toLowerCase() === activity.userStateId?.toLowerCase()) &&
    (jobId === undefined || jobId === activity.jobId)
  );
}

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
