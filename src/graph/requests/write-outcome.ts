import type { CallError, CallErrorDetails } from '../../errors.js';
import type { ScriptUserState } from '../../script-user-state.js';

/** What a second request of a write could do. A request that was not sent can always be sent again. */
export interface RetrySafety {
  /** Whether two requests have the same effect as one. A create makes a second entity. */
  readonly isIdempotent: boolean;
  /**
   * Whether a request may file the write for approval. Then it is not sent again, and a read that shows other values
   * proves nothing.
   */
  readonly mayQueueApproval: boolean;
}

/** A read that does not show the result of the write. */
export interface OtherValues {
  /** The state as it is; `undefined` if there is none. */
  readonly current: ScriptUserState | undefined;
}

/** One failed attempt of a write, and what a read after it has shown. */
export interface FailedAttempt {
  /**
   * A 2xx response that does not show the result is also a failure: `NOT_APPLIED`, or `OUTCOME_UNKNOWN` if Graph has
   * only accepted the request (202).
   */
  readonly failure: CallError;
  /** The error of the read if it failed; `undefined` before the read. */
  readonly verification?: OtherValues | CallError;
}

/** The history of a write that no response and no read has shown to be applied. */
export interface WriteHistory extends RetrySafety {
  /** At least one, in order. */
  readonly attempts: readonly FailedAttempt[];
  /** Whether the deadline and the number of attempts allow another attempt. */
  readonly mayRetry: boolean;
}

/** What to do next, or the error with which the write ends. */
export type NextStep = 'retry' | 'verify' | CallError;

/**
 * The rules for the outcome of a write. It is reported as done only if a response of Graph or a later read shows the
 * new values, and as failed only if it can no longer be applied. Anything else is `OUTCOME_UNKNOWN`.
 */
export function nextStep(history: WriteHistory): NextStep {
  const { attempts, mayRetry } = history;
  const last = attempts.at(-1);
  if (last === undefined) return 'retry';
  const { failure, verification } = last;
  const isRepeatable = history.isIdempotent && !history.mayQueueApproval;

  if (verification === undefined) {
    const wasSentBefore = attempts.slice(0, -1).some(wasSent);
    // A rejection is final for the first request that was sent. It gives no information about earlier requests.
    if (failure.certainty === 'not-applied' && !wasSentBefore) return failure;
    if (isWaitRequested(failure) && (isRepeatable || !wasSent(last)) && mayRetry) return 'retry';
    return wasSentBefore || wasSent(last) ? 'verify' : failure.withReason(failure.reason, 'not-applied');
  }

  // This request is filed for approval, whether or not an earlier one was applied.
  if (failure.reason === 'APPROVAL_PENDING') return failure;

  if ('current' in verification) {
    const { current } = verification;
    const reads = attempts.filter((attempt) => attempt.verification !== undefined && 'current' in attempt.verification);
    if (isRepeatable && mayRetry && reads.length === 1 && mayHelpToRepeat(failure)) return 'retry';
    const details = current === undefined ? {} : { current };
    if (isUnknown(history)) return unknownOutcome(failure, history, details);
    if (failure.reason === 'NOT_APPLIED') return failure.withReason('NOT_APPLIED', 'not-applied', details);
    return failure.withReason(failure.reason, mayBeQueued(history) ? 'deferred' : 'not-applied');
  }

  // A state that does not exist shows no values, whatever the responses to the attempts.
  if (verification.reason === 'GRAPH_NOT_FOUND') {
    return mayStillApply(history) ? unknownOutcome(verification, history) : verification;
  }
  return isUnknown(history) ? unknownOutcome(failure, history, { cause: verification }) : failure;
}

/** Creates the error, with the ids of the last request that was sent: a retry may have failed before it was sent. */
function unknownOutcome(
  error: CallError,
  { attempts }: WriteHistory,
  details: Pick<CallErrorDetails, 'current' | 'cause'> = {},
): CallError {
  const graph = attempts.findLast(wasSent)?.failure.details.graph;
  return error.withReason('OUTCOME_UNKNOWN', 'unknown', { ...details, ...(graph !== undefined && { graph }) });
}

/** Whether a second request could have another effect: not if Graph has accepted the first one. */
function mayHelpToRepeat({ certainty, reason }: CallError): boolean {
  return isInDoubt(certainty) && reason !== 'NOT_APPLIED' && reason !== 'OUTCOME_UNKNOWN';
}

/** Whether an attempt may still be applied, or its change may be filed for approval. */
function mayStillApply({ attempts, mayQueueApproval }: WriteHistory): boolean {
  return attempts.some(
    ({ failure: { certainty, reason } }) =>
      certainty === 'unknown' || (certainty === 'completed' && mayQueueApproval && reason !== 'NOT_APPLIED'),
  );
}

/** Whether an attempt may have been applied, or may still be applied. */
function isUnknown(history: WriteHistory): boolean {
  const { attempts, isIdempotent } = history;
  if (mayStillApply(history)) return true;
  const last = attempts.at(-1);
  if (last?.verification !== undefined && 'current' in last.verification) {
    const isAccepted = last.failure.reason === 'NOT_APPLIED';
    const isFound = last.verification.current !== undefined;
    // A read of other values shows that no attempt was applied, except for a create: if Graph has accepted it, the
    // state may appear later; otherwise, an existing state may be the one that the create has made.
    return !isIdempotent && isAccepted !== isFound;
  }
  return attemptsInDoubt(attempts).some((attempt, index, open) => {
    const { certainty, reason } = attempt.failure;
    if (isInDoubt(certainty)) return true;
    // Graph has responded with 429 to writes that it applied, so a create that no read verified may have been applied.
    if (isDeferred(attempt)) return !isIdempotent;
    // After a 429, only another 429 or the end of the session may be reported: any other failure is that of a retry.
    return reason !== 'SIGN_IN_REQUIRED' && open.slice(0, index).some(isDeferred);
  });
}

/** The attempts since a read last showed the state. */
function attemptsInDoubt(attempts: readonly FailedAttempt[]): readonly FailedAttempt[] {
  const settled = attempts.findLastIndex(({ verification }) => verification !== undefined && 'current' in verification);
  return attempts.slice(settled + 1);
}

/** Whether a change that Graph deferred may be filed for approval, so that other values prove nothing. */
function mayBeQueued({ attempts, mayQueueApproval }: WriteHistory): boolean {
  return mayQueueApproval && attempts.some(isDeferred);
}

/** Whether the request can be sent again later without a read in between. A proxy's 429 counts too. */
function isWaitRequested({ certainty, reason }: CallError): boolean {
  return certainty === 'deferred' || (certainty === 'unknown' && reason === 'THROTTLED');
}

/** Whether the request may have been applied. */
function isInDoubt(certainty: CallError['certainty']): boolean {
  return certainty === 'unknown' || certainty === 'completed';
}

/** Whether the request was sent: there is a response, or it may have been applied. */
function wasSent({ failure: { certainty, details } }: FailedAttempt): boolean {
  return isInDoubt(certainty) || details.status !== undefined;
}

/** Whether Graph received and deferred the request: a 429, or a 503 with `Retry-After`. */
function isDeferred(attempt: FailedAttempt): boolean {
  return attempt.failure.certainty === 'deferred' && wasSent(attempt);
}
