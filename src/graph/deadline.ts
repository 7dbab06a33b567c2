import { setTimeout as sleep } from 'node:timers/promises';
import { GraphError } from './errors.js';

/** The time one call has, waits and retries included, and the caller's wish to stop it. */
export interface Deadline {
  remainingMs(): number;
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

/** Starts the clock. */
export function startDeadline(totalMs: number, caller: AbortSignal | undefined): Deadline {
  const endsAt = performance.now() + totalMs;
  const expired = AbortSignal.timeout(totalMs);
  const build = (closed: AbortSignal | undefined): Deadline => {
    const signal = closed === undefined ? expired : AbortSignal.any([expired, closed]);
    return {
      remainingMs: () => Math.max(0, endsAt - performance.now()),
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
