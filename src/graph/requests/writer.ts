import { CallError, type GraphIds, requireCallError } from '../../errors.js';
import type { ScriptUserState } from '../../script-user-state.js';
import type { InterruptedWrite, WriteHooks, WriteResult } from '../graph.js';
import type { GraphRequest, GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import type { GraphClient } from './graph-client.js';
import { backoffMs, planRetry } from './retry-plan.js';
import { type FailedAttempt, type NextStep, nextStep, type OtherValues, type RetrySafety } from './write-outcome.js';

/** The result of a write. */
export interface Confirmation<T> {
  readonly value: T;
}

/** What a 2xx response other than 202 says about a write. */
export type WriteResponse<T> =
  | Confirmation<T>
  /** Graph has processed the request. Its response shows other values, or none. */
  | { readonly shown: ScriptUserState | undefined }
  /** It is not Graph's own, or it is about another state. */
  | 'no-evidence';

/** The values that a state must have before it is written to. */
export interface Precondition<T = never> {
  readonly read: (context: CallContext) => Promise<{ readonly state: ScriptUserState; readonly graph: GraphIds }>;
  /** @param before the state that was read before the first attempt; `undefined` in that read itself */
  readonly isMet: (state: ScriptUserState, before: ScriptUserState | undefined) => boolean;
  /** The result if the state shows that there is nothing to write. */
  readonly resultIfApplied?: (state: ScriptUserState) => T | undefined;
}

/** One write, and how to verify whether it was applied. */
export interface Write<T> extends RetrySafety {
  readonly request: GraphRequest;
  readonly precondition?: Precondition<T> | undefined;
  /** Set if an earlier process may have sent the write. The writer then verifies that attempt first. */
  readonly interrupted?: InterruptedWrite | undefined;
  readonly parse: (response: GraphResponse) => WriteResponse<T>;
  /** The result if Graph's 2xx response shows nothing and the state cannot be read; `undefined` if that is no proof. */
  readonly impliedBySuccess?: T;
  /**
   * Reads the result of the write.
   *
   * @param shown the values in Graph's response
   */
  readonly verify: (context: CallContext, shown: ScriptUserState | undefined) => Promise<Confirmation<T> | OtherValues>;
}

/** Sends writes and determines their outcome. @throws {CallError} */
export type Writer = <T>(write: Write<T>, context: CallContext) => Promise<WriteResult<T>>;

/** Accepted, but not necessarily applied, whatever the body shows. */
const accepted = 202;

/** The maximum number of reads after a 2xx response that does not show its result: Graph may apply it with a delay. */
const readsAfterSuccess = 2;

/** The maximum age of the last read of a state when a request is sent again, in milliseconds. */
const maxReadAgeMs = 1_000;

/** Thrown before a write is sent, if there is nothing to write. */
class AlreadyApplied extends Error {
  readonly state: ScriptUserState;
  readonly graph: GraphIds;

  constructor(state: ScriptUserState, graph: GraphIds) {
    super('the state has the values already');
    this.state = state;
    this.graph = graph;
  }
}

/** Creates a writer: a loop that follows {@link nextStep}. */
export function createWriter(client: GraphClient): Writer {
  return async (write, context) => {
    const { isIdempotent, mayQueueApproval, precondition, interrupted } = write;
    const { deadline } = context;
    let before = interrupted?.before;
    /** When the state was last read, if no request has been sent since (`performance.now()`). */
    let readAt = Number.NEGATIVE_INFINITY;
    const hooks = precondition === undefined ? context.hooks : withPrecondition(precondition);
    const attempts: FailedAttempt[] = [];
    /** Adds whether another writer has changed the state since the precondition was met. */
    const withConflict = ({ current }: OtherValues): OtherValues => ({
      current,
      isConflict: current !== undefined && precondition !== undefined && !precondition.isMet(current, before),
    });
    const stepAfter = (last: FailedAttempt, mayRetry: boolean): NextStep =>
      nextStep({ isIdempotent, mayQueueApproval, attempts: [...attempts, last], mayRetry });

    /**
     * Reads the state once a request has a slot, so that little time passes between the read and the write. A retry can
     * follow long after the first request, so it reads the state again unless the last read is recent.
     */
    function withPrecondition(required: Precondition<unknown>): WriteHooks {
      return {
        onRead: () => undefined,
        async beforeSend() {
          if (before === undefined) before = await requireMet(required, context);
          else if (performance.now() - readAt > maxReadAgeMs) await requireUnchanged(required, before, context);
          readAt = Number.NEGATIVE_INFINITY;
          await context.hooks?.beforeSend();
        },
      };
    }

    let isInterrupted = interrupted !== undefined;
    for (;;) {
      const result = isInterrupted
        ? new CallError('GRAPH_UNAVAILABLE', { certainty: 'unknown' })
        : await attemptWrite(client, write, { ...context, hooks }, attempts.length > 0);
      isInterrupted = false;
      if (!(result instanceof CallError)) return result;

      const { finalFailure, isAllowed, ...retry } = planRetry(result, attempts.length + 1, deadline);
      let { waitMs } = retry;
      let last: FailedAttempt = { failure: isAllowed ? result : finalFailure };
      let step = stepAfter(last, isAllowed);
      if (step === 'verify') {
        const found = await verify(write, result, context);
        if (!(found instanceof CallError)) readAt = performance.now();
        if (!(found instanceof CallError) && 'value' in found) {
          return { value: found.value, graph: result.details.graph ?? {} };
        }
        last = { ...last, verification: found instanceof CallError ? found : withConflict(found) };
        const { retryAfterMs } = result.details;
        step = stepAfter(last, interrupted?.mayRepeat !== false && deadline.allowsAttemptAfter(retryAfterMs ?? 0));
        waitMs = retryAfterMs ?? Math.min(backoffMs(attempts.length + 1, undefined), deadline.remainingMs / 4);
      }
      if (step instanceof CallError) throw step;
      attempts.push(last);
      await deadline.wait(waitMs);
    }
  };
}

/**
 * @returns the state
 * @throws {CallError} `CONFLICT` with the state as it is; the error of the read. Nothing has been sent.
 * @throws {AlreadyApplied}
 */
async function requireMet(
  { read, isMet, resultIfApplied }: Precondition<unknown>,
  context: CallContext,
): Promise<ScriptUserState> {
  const { deadline, hooks } = context;
  const { state: current, graph } = await read(context).catch(throwNotApplied);
  hooks?.onRead(current);
  if (!isMet(current, undefined)) throw new CallError('CONFLICT', { current, graph });
  if (resultIfApplied?.(current) !== undefined) throw new AlreadyApplied(current, graph);
  if (!deadline.allowsAttemptAfter(0)) throw new CallError('GRAPH_TIMEOUT', { graph });
  return current;
}

/** @throws {CallError} `CONFLICT` with the state as it is; the error of the read. This request has not been sent. */
async function requireUnchanged(
  { read, isMet }: Precondition<unknown>,
  before: ScriptUserState,
  context: CallContext,
): Promise<void> {
  const { state: current, graph } = await read(context).catch(throwNotApplied);
  if (!isMet(current, before)) throw new CallError('CONFLICT', { current, graph });
}

function throwNotApplied(error: unknown): never {
  const failure = requireCallError(error);
  throw failure.certainty === 'not-applied' ? failure : failure.withReason(failure.reason, 'not-applied');
}

/** Makes one attempt. Returns the error of a failed one. */
async function attemptWrite<T>(
  client: GraphClient,
  { request, parse, precondition }: Write<T>,
  context: CallContext,
  isRetry: boolean,
): Promise<WriteResult<T> | CallError> {
  try {
    const response = await client.attempt(request, context, isRetry);
    const { ids: graph, status } = response;
    if (status === accepted) return new CallError('OUTCOME_UNKNOWN', { certainty: 'unknown', graph, status });
    const parsed = parse(response);
    if (parsed === 'no-evidence') return new CallError('GRAPH_PROTOCOL', { certainty: 'unknown', graph, status });
    if ('value' in parsed) return { value: parsed.value, graph };
    const { shown } = parsed;
    return new CallError('NOT_APPLIED', {
      certainty: 'completed',
      graph,
      status,
      ...(shown !== undefined && { current: shown }),
    });
  } catch (error) {
    if (error instanceof AlreadyApplied) {
      const value = precondition?.resultIfApplied?.(error.state);
      if (value !== undefined) return { value, graph: error.graph, isUnchanged: true };
    }
    return requireCallError(error);
  }
}

/** Reads after a failed attempt. Returns the error if the outcome cannot be read. */
async function verify<T>(
  { verify: read, impliedBySuccess: value }: Write<T>,
  { reason, details: { status = 500, current: shown } }: CallError,
  context: CallContext,
): Promise<Confirmation<T> | OtherValues | CallError> {
  const maxReads = status < 300 ? readsAfterSuccess : 1;
  const { deadline } = context;
  let found: OtherValues | undefined;
  try {
    for (let reads = 1; ; reads++) {
      const result = await read(context, shown);
      if ('value' in result) return result;
      found = result;
      if (reads >= maxReads) return found;
      const waitMs = backoffMs(reads, undefined);
      if (!deadline.allowsAttemptAfter(waitMs)) throw new CallError('GRAPH_TIMEOUT');
      await deadline.wait(waitMs);
    }
  } catch (thrown) {
    const error = requireCallError(thrown);
    const isImplied = reason === 'NOT_APPLIED' && shown === undefined && found === undefined;
    if (isImplied && value !== undefined) return { value };
    const current = found?.current;
    return current === undefined ? error : error.withReason(error.reason, error.certainty, { current });
  }
}
