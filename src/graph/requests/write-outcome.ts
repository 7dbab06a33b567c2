import type { CallError } from '../../errors.js';

/**
 * The effect of sending a write again.
 * - `idempotent`: the same as sending it once
 * - `mayQueueApproval`: may queue it for approval a second time; a read that shows the old values proves nothing
 * - `notIdempotent`: creates a second entity
 *
 * A request that was not sent can always be sent again.
 */
export type RetrySafety = 'idempotent' | 'mayQueueApproval' | 'notIdempotent';

/** One failed attempt of a write, and what a read after it has shown. */
export interface FailedAttempt {
  readonly failure: CallError;
  /** `not-applied` if the read showed the old values, or the error of the read; `undefined` before the read. */
  readonly verification?: 'not-applied' | CallError;
}

/** The history of a write that no response and no read has shown to be applied. */
export interface WriteHistory {
  readonly retrySafety: RetrySafety;
  /** At least one, in order. */
  readonly attempts: readonly FailedAttempt[];
  /** Whether the deadline and the number of attempts allow another attempt. */
  readonly mayRetry: boolean;
}

/** What to do next, or the error with which the write ends. */
export type NextStep = 'retry' | 'verify' | CallError;

/**
 * The rules for the outcome of a write. It is reported as done only if a response of Graph or a later read shows the
 * new values, and as failed only if it was certainly not applied. Anything else is `OUTCOME_UNKNOWN`.
 */
export function nextStep({ retrySafety, attempts, mayRetry }: WriteHistory): NextStep {
  const last = attempts.at(-1);
  if (last === undefined) return 'retry';
  const { failure, verification } = last;
  const isIdempotent = retrySafety === 'idempotent';

  if (verification === undefined) {
    const wasSentBefore = attempts.slice(0, -1).some(wasSent);
    // A rejection is final for the first request that was sent. It gives no information about earlier requests.
    if (failure.reason === 'APPROVAL_PENDING' || (failure.certainty === 'not-applied' && !wasSentBefore))
      return failure;
    if (failure.certainty === 'deferred' && (isIdempotent || !wasSent(last)) && mayRetry) return 'retry';
    return wasSentBefore || wasSent(last) ? 'verify' : failure.withReason(failure.reason, 'not-applied');
  }

  if (verification === 'not-applied') {
    const isFirst = attempts.filter((attempt) => attempt.verification === 'not-applied').length === 1;
    if ((failure.certainty === 'unknown' || failure.certainty === 'completed') && isIdempotent && isFirst && mayRetry)
      return 'retry';
    return isUnknown(attempts, retrySafety)
      ? failure.withReason('OUTCOME_UNKNOWN', 'unknown')
      : failure.withReason(failure.reason, mayBeQueued(attempts, retrySafety) ? 'deferred' : 'not-applied');
  }

  // A state that does not exist cannot be written to, whatever the responses to the attempts.
  const error = verification.reason === 'GRAPH_NOT_FOUND' ? verification : failure;
  return isUnknown(attempts, retrySafety)
    ? error.withReason('OUTCOME_UNKNOWN', 'unknown', { cause: verification })
    : error;
}

/** Whether an attempt may have been applied, or may still be applied. */
function isUnknown(attempts: readonly FailedAttempt[], retrySafety: RetrySafety): boolean {
  const mayStillApply = attempts.some(
    ({ failure: { certainty } }) =>
      certainty === 'unknown' || (certainty === 'completed' && retrySafety === 'mayQueueApproval'),
  );
  // A read that shows the old values determines the outcome of the attempts before it.
  const settled = attempts.findLastIndex(({ verification }) => verification === 'not-applied') + 1;
  return (
    mayStillApply ||
    attempts.slice(settled).some((attempt, index, open) => {
      const { certainty, reason } = attempt.failure;
      if (certainty === 'unknown' || certainty === 'completed') return true;
      // Graph has responded with 429 to writes that it applied, so a create that no read verified may have been
      // applied.
      if (isDeferred(attempt)) return retrySafety === 'notIdempotent';
      // After a 429, only another 429 or the end of the session may be reported: any other failure is that of a retry.
      return reason !== 'SIGN_IN_REQUIRED' && open.slice(0, index).some(isDeferred);
    })
  );
}

/** Whether a change that Graph deferred may be waiting for approval: then the old values prove nothing. */
function mayBeQueued(attempts: readonly FailedAttempt[], retrySafety: RetrySafety): boolean {
  return retrySafety === 'mayQueueApproval' && attempts.some(isDeferred);
}

/** Whether the request was sent: there is a response, or it may have been applied. */
function wasSent({ failure: { certainty, details } }: FailedAttempt): boolean {
  return certainty === 'unknown' || certainty === 'completed' || details.status !== undefined;
}

/** Whether Graph received and deferred the request: a 429, or a 503 with `Retry-After`. */
function isDeferred(attempt: FailedAttempt): boolean {
  return attempt.failure.certainty === 'deferred' && wasSent(attempt);
}
