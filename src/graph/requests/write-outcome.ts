import type { CallError } from '../../errors.js';

/**
 * What sending a write again would do.
 * - `idempotent`: nothing that sending it once doesn't do
 * - `mayQueueApproval`: perhaps queue it for approval a second time; a read that shows the old values proves nothing
 * - `notIdempotent`: create a second entity
 *
 * A request that was never sent may always be sent again.
 */
export type RetrySafety = 'idempotent' | 'mayQueueApproval' | 'notIdempotent';

/** One failed attempt of a write, and what a read after it has shown. */
export interface FailedAttempt {
  readonly failure: CallError;
  /** `not-applied` if the read showed the old values, or the error of the read; `undefined` before the read. */
  readonly verification?: 'not-applied' | CallError;
}

/** Everything that the outcome of a write depends on, as long as no attempt and no read has shown it to be applied. */
export interface WriteHistory {
  readonly retrySafety: RetrySafety;
  /** At least one, the last one last. */
  readonly attempts: readonly FailedAttempt[];
  /** Whether the deadline and the number of attempts allow another attempt. */
  readonly mayRetry: boolean;
}

/** What to do next, or the error with which the write ends. */
export type NextStep = 'retry' | 'verify' | CallError;

/**
 * The rules of outcome. A write is reported as done only if Graph's response or a read after it shows it, and as failed
 * only if it is known not to be applied. Anything else is `OUTCOME_UNKNOWN`.
 */
export function nextStep({ retrySafety, attempts, mayRetry }: WriteHistory): NextStep {
  const last = attempts.at(-1);
  if (last === undefined) return 'retry';
  const { failure, verification } = last;
  const isIdempotent = retrySafety === 'idempotent';

  if (verification === undefined) {
    const wasSentBefore = attempts.slice(0, -1).some(wasSent);
    // A refusal settles the first request that was sent. It says nothing about requests before it.
    if (failure.reason === 'APPROVAL_PENDING' || (failure.certainty === 'not-applied' && !wasSentBefore))
      return failure;
    if (failure.certainty === 'deferred' && (isIdempotent || !wasSent(last)) && mayRetry) return 'retry';
    return wasSentBefore || wasSent(last) ? 'verify' : failure.withReason(failure.reason, 'not-applied');
  }

  if (verification === 'not-applied') {
    const isFirst = attempts.filter((attempt) => attempt.verification === 'not-applied').length === 1;
    if (failure.certainty === 'unknown' && isIdempotent && isFirst && mayRetry) return 'retry';
    return isUnknown(attempts, retrySafety)
      ? failure.withReason('OUTCOME_UNKNOWN', 'unknown')
      : failure.withReason(failure.reason, 'not-applied');
  }

  // What is not there cannot be written to, whatever the attempts were answered.
  const error = verification.reason === 'GRAPH_NOT_FOUND' ? verification : failure;
  return isUnknown(attempts, retrySafety)
    ? error.withReason('OUTCOME_UNKNOWN', 'unknown', { cause: verification })
    : error;
}

/** Whether an attempt may have been applied, or may still be, in spite of all that is known. */
function isUnknown(attempts: readonly FailedAttempt[], retrySafety: RetrySafety): boolean {
  const mayStillApply = attempts.some(
    ({ failure }) => failure.certainty === 'unknown' && (retrySafety === 'mayQueueApproval' || !endedByGraph(failure)),
  );
  // A read that shows the old values settles the attempts before it.
  const settled = attempts.findLastIndex(({ verification }) => verification === 'not-applied') + 1;
  return (
    mayStillApply ||
    attempts.slice(settled).some((attempt, index, open) => {
      const { certainty, reason } = attempt.failure;
      if (certainty === 'unknown') return true;
      // A 429 has been seen on writes that were applied. A create cannot rely on it.
      if (isDeferred(attempt)) return retrySafety === 'notIdempotent';
      // After a 429, only another 429 or the end of the session may be reported: any other failure is that of a retry.
      return reason !== 'SIGN_IN_REQUIRED' && open.slice(0, index).some(isDeferred);
    })
  );
}

/** Whether the request was sent: there is a response, or it may have been applied. */
function wasSent({ failure: { certainty, details } }: FailedAttempt): boolean {
  return certainty === 'unknown' || details.status !== undefined;
}

/** Whether Graph has answered that it doesn't take the request now. */
function isDeferred(attempt: FailedAttempt): boolean {
  return attempt.failure.certainty === 'deferred' && wasSent(attempt);
}

/** Whether Graph itself reported the end of the request. A gateway's 504 says nothing about it. */
function endedByGraph({ details: { status } }: CallError): boolean {
  return status !== undefined && status >= 500 && status !== 504;
}
