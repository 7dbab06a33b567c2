import { hostname } from 'node:os';
import { trace } from '@opentelemetry/api';
import { CallError, type GraphIds } from '../errors.js';
import { escapeInvisible } from '../output/escape.js';
import { OutputError } from '../output/line-chunk.js';
import type { ScriptUserState } from '../script-user-state.js';
import { traceFields } from '../trace-fields.js';
import type { AuditTrail } from './trail.js';

/** The outcome of a write. `unchanged`: the state had the values already, so nothing was sent. */
export type AuditedOutcome = 'applied' | 'unchanged' | 'rejected' | 'pending-approval' | 'unknown';

/** The outcome of a write that has failed. */
export function auditedOutcome(error: unknown, reason: string): AuditedOutcome {
  if (reason === 'APPROVAL_PENDING') return 'pending-approval';
  // Graph has responded with 429 to writes that it applied, and no read could verify this one.
  if (error instanceof CallError && error.certainty === 'deferred') return 'unknown';
  return reason === 'OUTCOME_UNKNOWN' || reason === 'INTERNAL' ? 'unknown' : 'rejected';
}

/** The user who writes, and the request. */
export interface Actor {
  readonly requestId: string;
  readonly user: { readonly oid: string; readonly name: string };
  /** The job that contains the write as a row. */
  readonly jobId?: string | undefined;
}

/** A write. Its lines contain the names of its fields, and the values of its counts only. */
export interface AuditedWrite {
  readonly action: 'update' | 'create' | 'delete';
  readonly target: {
    readonly scriptKind: string;
    readonly scriptId: string;
    readonly userStateId?: string | undefined;
  };
  /** The fields to be written. */
  readonly values: Partial<Counts> & { readonly userPrincipalName?: string | null | undefined };
  /**
   * Whether the write, which has failed, is sent again later. It then has no outcome yet: it is not observed, and has
   * no line unless its intent was recorded.
   */
  readonly isPostponed?: () => boolean;
}

/** A sign-in, a sign-out, or a rejected call. */
export interface AuditedEvent {
  readonly event: 'sign-in' | 'sign-in-refused' | 'sign-out' | 'refused' | 'job';
  readonly requestId: string;
  readonly oid?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly jobId?: string;
  /** The job that the job undoes. */
  readonly undoneJobId?: string;
  /** Why a sign-in was rejected: a stable code, and the one of the system, the provider or the library behind it. */
  readonly cause?: string;
  readonly code?: string;
}

/** What a write calls while it runs. */
export interface AuditHooks {
  readonly onRead: (state: ScriptUserState) => void;
  readonly beforeSend: () => Promise<void>;
}

/** A write that has ended. */
export interface ObservedWrite extends Pick<AuditedWrite, 'action' | 'target'> {
  readonly actor: Actor;
  readonly outcome: AuditedOutcome;
  /** The state before the write, if it was read. */
  readonly before: ScriptUserState | undefined;
  /** The state after it, if Graph has shown it. */
  readonly after: ScriptUserState | undefined;
}

/** Called with every write before its caller receives the result. */
export type WriteObserver = (write: ObservedWrite) => void;

/**
 * Records who did what: for every write a line with its intent before it is sent, and one with its outcome before the
 * caller receives it; and one for every sign-in and sign-out.
 */
export interface Audit {
  record(event: AuditedEvent): void;
  /**
   * Runs a write. Returns the result of `work`, or throws its error.
   *
   * @param work calls the hooks. `beforeSend` resolves when the intent is written
   * @throws {CallError} `AUDIT_UNAVAILABLE` if the intent cannot be written; `OUTCOME_UNKNOWN` if the outcome of a
   *   write that was sent cannot be written within a second
   */
  write<T extends { readonly id: string }>(
    actor: Actor,
    write: AuditedWrite,
    work: (hooks: AuditHooks) => Promise<AuditedResult<T>>,
  ): Promise<T>;
}

/** The result of a write. */
export interface AuditedResult<T> {
  readonly value: T;
  readonly graph: GraphIds;
  /** Set if nothing was sent. */
  readonly isUnchanged?: true;
}

interface Counts {
  readonly successDeviceCount: number | undefined;
  readonly errorDeviceCount: number | undefined;
}

/** Creates an audit. @param reasonOf the reason of the error of a write */
export function createAudit(trail: AuditTrail, reasonOf: (error: unknown) => string, observe: WriteObserver): Audit {
  return {
    record(event) {
      const fields = { ...event, ...traceFields(trace.getActiveSpan()), msg: event.event };
      // A sign-in changes nothing in Graph, so that it does not depend on the trail.
      trail.append(renderLine(renderFields(fields))).catch(() => undefined);
    },

    async write(actor, { action, target, values, isPostponed = () => false }, work) {
      const { requestId, user, jobId } = actor;
      const { scriptKind, scriptId, userStateId } = target;
      // Rendered once for both lines: rendering is most of the cost of a line.
      const shared = renderFields({
        requestId,
        oid: user.oid,
        jobId,
        action,
        scriptKind,
        scriptId,
        fields: Object.keys(values),
        counts: countsOf(values),
        ...traceFields(trace.getActiveSpan()),
      });
      let before: ScriptUserState | undefined;
      let intent: Promise<void> | undefined;
      let mayHaveIntent = false;
      const hooks: AuditHooks = {
        onRead(state) {
          before = state;
        },
        beforeSend() {
          intent ??= recordIntent();
          return intent;
        },
      };
      async function recordIntent(): Promise<void> {
        try {
          await trail.append(renderLine(shared, renderFields({ userStateId, phase: 'intent', msg })));
          mayHaveIntent = true;
        } catch (error) {
          mayHaveIntent = error instanceof OutputError && error.mayBeWritten;
          throw new CallError('AUDIT_UNAVAILABLE', { retryAfterMs, cause: error });
        }
      }
      const result = await work(hooks).catch((error: unknown) => new Failure(error));
      const isLater = result instanceof Failure && isPostponed();
      const settled = describe(result, reasonOf);
      const after = result instanceof Failure ? undefined : stateIn(result.value);
      if (!isLater) observe({ actor, action, target, before, after, outcome: settled.outcome });
      const id = result instanceof Failure ? userStateId : result.value.id;
      const isRefused = settled.reason === ('AUDIT_UNAVAILABLE' satisfies CallError['reason']);
      // The trail has no line about this write.
      if ((isRefused || isLater) && !mayHaveIntent && result instanceof Failure) throw result.error;
      const outcome = isLater && !wasSent(result.error) ? 'not-sent' : settled.outcome;
      const counts = before && countsOf(before);
      const fields = { userStateId: id, phase: 'outcome', before: counts, ...settled, outcome, msg };
      const text = renderLine(shared, renderFields(fields));
      const isRequired = mayHaveIntent || !(result instanceof Failure);
      const isWritten = await trail.append(text, isRequired).then(
        () => true,
        () => false,
      );
      if (!isWritten && isRequired && !isRefused) {
        const cause = new Error('the outcome is not in the audit trail');
        throw new CallError('OUTCOME_UNKNOWN', { certainty: 'unknown', graph: settled.graph ?? {}, cause });
      }
      if (result instanceof Failure) throw result.error;
      return result.value;
    },
  };
}

/** How long callers should wait after a refused write, in milliseconds. */
const retryAfterMs = 1_000;

class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

interface DescribedOutcome {
  readonly outcome: AuditedOutcome;
  readonly reason?: string;
  readonly graph?: GraphIds | undefined;
}

function describe(result: Failure | AuditedResult<unknown>, reasonOf: (error: unknown) => string): DescribedOutcome {
  if (!(result instanceof Failure)) {
    return { outcome: result.isUnchanged ? 'unchanged' : 'applied', graph: result.graph };
  }
  const { error } = result;
  const reason = reasonOf(error);
  const graph = error instanceof CallError ? error.details.graph : undefined;
  return { outcome: auditedOutcome(error, reason), reason, graph };
}

/** Whether a failed write was sent. Graph may have rejected it, as with a 429. */
const wasSent = (error: unknown): boolean =>
  !(error instanceof CallError) || error.certainty !== 'not-applied' || error.details.status !== undefined;

/** The message of the lines of writes. */
const msg = 'write';

/** The state in the result of a write; `undefined` for a delete. */
function stateIn(value: { readonly id: string } & Partial<ScriptUserState>): ScriptUserState | undefined {
  const { id, successDeviceCount, errorDeviceCount, userPrincipalName } = value;
  if (successDeviceCount === undefined || errorDeviceCount === undefined) return undefined;
  return { id, successDeviceCount, errorDeviceCount, userPrincipalName: userPrincipalName ?? null };
}

/** Renders the fields of an object without its braces. */
const renderFields = (fields: object) => JSON.stringify(fields).slice(1, -1);

const processFields = renderFields({ pid: process.pid, hostname: hostname(), log: 'audit' });

/** Renders a line as pino does, in less than half of its time. */
function renderLine(...fields: readonly string[]): string {
  return escapeInvisible(`{"level":30,"time":${Date.now()},${processFields},${fields.join()}}\n`);
}

/** The counts among some values; `undefined` if there are none. A user principal name is never part of a line. */
function countsOf({ successDeviceCount, errorDeviceCount }: Partial<Counts>): object | undefined {
  return successDeviceCount === undefined && errorDeviceCount === undefined
    ? undefined
    : { successDeviceCount, errorDeviceCount };
}
