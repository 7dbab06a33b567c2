import type { CallError } from '../../errors.js';
import type { Deadline } from '../../scheduling/deadline.js';

/** The maximum number of attempts without a `Retry-After`. */
const maxBlindAttempts = 3;

/**
 * How long to wait before the next attempt: Graph's `Retry-After`, otherwise exponential backoff with jitter.
 *
 * @param attempt the number of attempts so far, from 1
 * @returns milliseconds, with a minimum that grows per attempt so that `Retry-After: 0` cannot cause a busy loop
 */
export function backoffMs(attempt: number, retryAfterMs: number | undefined, random = Math.random()): number {
  const doubled = 2 ** Math.min(attempt - 1, 8);
  const backoff = Math.min(500 * doubled, 10_000) * (0.5 + random / 2);
  return retryAfterMs === undefined ? backoff : Math.max(50 * doubled, retryAfterMs);
}

/** Whether and when another attempt is made. */
export interface RetryPlan {
  readonly waitMs: number;
  /** Whether there is enough time for it, and the failure has a `Retry-After` or there were few attempts. */
  readonly isAllowed: boolean;
  /** The failure to report if there is no further attempt, with `retryAfterMs` if it was throttled. */
  readonly finalFailure: CallError;
}

/** Plans the attempt after a failed one. @param attempts how many have been made, from 1 */
export function planRetry(failure: CallError, attempts: number, deadline: Deadline): RetryPlan {
  const { reason, certainty, details } = failure;
  const waitMs = backoffMs(attempts, details.retryAfterMs);
  const saysWhen = reason === 'THROTTLED' || details.retryAfterMs !== undefined;
  const retryAfterMs = Math.ceil(waitMs);
  return {
    waitMs,
    isAllowed: deadline.allowsAttemptAfter(waitMs) && (saysWhen || attempts < maxBlindAttempts),
    finalFailure:
      reason === 'THROTTLED' || (saysWhen && certainty === 'deferred')
        ? failure.withReason(reason, certainty, { retryAfterMs })
        : failure,
  };
}
