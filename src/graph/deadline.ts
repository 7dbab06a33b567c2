import { setTimeout as sleep } from 'node:timers/promises';
import { GraphError } from './errors.js';

/** The time one call has, waits and retries included, and the caller's wish to stop it. */
export interface Deadline {
  remainingMs(): number;
  /** Whether, after a wait, there is still time for an attempt and for finding out how it ended. */
  allowsAttemptAfter(waitMs: number): boolean;
  /** Aborts when the time is over. */
  readonly expired: AbortSignal;
  /** Aborts when the time is over or the caller went away. */
  readonly signal: AbortSignal;
  /** @throws {GraphError} `CLIENT_CLOSED` when the caller went away */
  throwIfClosed(): void;
  /** Waits, unless the caller goes away or the time is over. Resolves in each of these cases. */
  wait(ms: number): Promise<void>;
  /** From here on the caller's going away changes nothing: what was sent is seen through. */
  seenThrough(): Deadline;
}

/** Less time than this, or than a quarter of the whole, makes a write's outcome unknown rather than done. */
const attemptMs = 1_000;

/** Starts the clock. */
export function startDeadline(totalMs: number, caller: AbortSignal | undefined): Deadline {
  const endsAt = performance.now() + totalMs;
  const expired = AbortSignal.timeout(totalMs);
  const remainingMs = () => Math.max(0, endsAt - performance.now());
  const build = (closed: AbortSignal | undefined): Deadline => {
    const signal = closed === undefined ? expired : AbortSignal.any([expired, closed]);
    return {
      remainingMs,
      allowsAttemptAfter: (waitMs) => remainingMs() - waitMs >= Math.min(attemptMs, totalMs / 4),
      expired,
      signal,
      throwIfClosed: () => {
        if (closed?.aborted) throw new GraphError('CLIENT_CLOSED');
      },
      wait: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      seenThrough: () => build(undefined),
    };
  };
  return build(caller);
}
