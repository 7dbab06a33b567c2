import { setTimeout as sleep } from 'node:timers/promises';
import { GraphError } from './errors.js';

/** The time one call has, waits and retries included, and the caller's wish to stop it. */
export interface Deadline {
  /** Lets the time run, if it doesn't yet. */
  begin(): void;
  remainingMs(): number;
  /** Whether, after a wait, there is still time for an attempt and for finding out how it ended. */
  allowsAttemptAfter(waitMs: number): boolean;
  /** Whether the time is over. */
  readonly expired: boolean;
  /** Aborts when the time is over or the caller went away. */
  readonly signal: AbortSignal;
  /** @throws {GraphError} `CLIENT_CLOSED` when the caller went away */
  throwIfClosed(): void;
  /** Waits, unless the caller goes away or the time is over. Resolves in each of these cases. */
  wait(ms: number): Promise<void>;
  /**
   * Gives work half of the time that is left, so that there is always time to find out how it ended.
   *
   * @param work gets a signal that aborts when that time is over, or that of the deadline
   */
  attempt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** From here on the caller's going away changes nothing: what was sent is seen through. */
  seenThrough(): Deadline;
}

/** Less time than this, or than a quarter of the whole, makes a write's outcome unknown rather than done. */
const attemptMs = 1_000;

/**
 * Runs work under a deadline.
 *
 * @param from `turn` when the time runs only from the call's turn on ({@link Deadline.begin}): until then it is unlimited
 *
 * Timers and controllers of its own: on Node 20 the signals that `AbortSignal.any` makes of `AbortSignal.timeout` can
 * be collected as garbage before they abort (https://github.com/nodejs/node/issues/54614).
 */
export async function withDeadline<T>(
  totalMs: number,
  caller: AbortSignal | undefined,
  from: 'now' | 'turn',
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  let endsAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const time = new AbortController();
  const begin = () => {
    if (endsAt !== undefined) return;
    endsAt = performance.now() + totalMs;
    timer = setTimeout(() => time.abort(new DOMException('the time is over', 'TimeoutError')), totalMs);
  };
  if (from === 'now') begin();
  const either = new AbortController();
  const stop = () => either.abort(time.signal.aborted ? time.signal.reason : caller?.reason);
  time.signal.addEventListener('abort', stop);
  caller?.addEventListener('abort', stop);
  if (caller?.aborted) stop();

  const remainingMs = () => (endsAt === undefined ? totalMs : Math.max(0, endsAt - performance.now()));
  const build = (signal: AbortSignal, closed: AbortSignal | undefined): Deadline => ({
    begin,
    remainingMs,
    allowsAttemptAfter: (waitMs) => endsAt === undefined || remainingMs() - waitMs >= Math.min(attemptMs, totalMs / 4),
    get expired() {
      return time.signal.aborted;
    },
    signal,
    throwIfClosed: () => {
      if (closed?.aborted) throw new GraphError('CLIENT_CLOSED');
    },
    wait: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
    attempt: (attempted) => underLimit(remainingMs() / 2, signal, attempted),
    seenThrough: () => build(time.signal, undefined),
  });

  try {
    return await work(build(either.signal, caller));
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener('abort', stop);
  }
}

async function underLimit<T>(ms: number, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException('no answer in time', 'TimeoutError')), ms);
  const stop = () => limit.abort(outer.reason);
  outer.addEventListener('abort', stop);
  if (outer.aborted) stop();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
