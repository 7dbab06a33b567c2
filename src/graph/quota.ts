import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';

/** Graph counts writes over this span: 200 of them per application and tenant. */
const windowMs = 20_000;

/** Lets as many writes out as Graph takes, each in its turn. */
export interface Quota {
  /**
   * Waits for a slot of the window.
   *
   * @returns to be called once Graph has answered: the slot comes back one window later
   * @throws {GraphError} `THROTTLED` at once when the turn can't come within the deadline; `CLIENT_CLOSED`
   */
  take(deadline: Deadline): Promise<() => void>;
}

/** A sliding window of `limit` writes, first come, first served. */
export function createQuota(limit: number): Quota {
  let free = limit;
  const returnsAt: number[] = [];
  const waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function hand(): void {
    while ((returnsAt[0] ?? Infinity) <= performance.now()) {
      returnsAt.shift();
      free++;
    }
    while (free > 0 && waiting.length > 0) {
      free--;
      waiting.shift()?.();
    }
    clearTimeout(timer);
    const next = returnsAt[0];
    if (waiting.length > 0 && next !== undefined) timer = setTimeout(hand, Math.max(1, next - performance.now()));
  }

  function giveBack(): void {
    returnsAt.push(performance.now() + windowMs);
    hand();
  }

  return {
    async take(deadline) {
      hand();
      if (free > 0) {
        free--;
        return giveBack;
      }
      const turnAt = returnsAt[waiting.length] ?? performance.now() + windowMs;
      const retryAfterMs = Math.ceil(turnAt - performance.now());
      if (retryAfterMs >= deadline.remainingMs()) throw new GraphError('THROTTLED', { retryAfterMs });
      await new Promise<void>((resolve, reject) => {
        const start = () => {
          deadline.signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(start), 1);
          reject(new GraphError(deadline.expired.aborted ? 'THROTTLED' : 'CLIENT_CLOSED', { retryAfterMs }));
        };
        deadline.signal.addEventListener('abort', leave, { once: true });
        waiting.push(start);
        hand();
      });
      return giveBack;
    },
  };
}
