import type { Deadline } from './deadline.js';
import { GraphError } from './errors.js';

/** Graph counts writes over this span: 200 of them per application and tenant. */
const windowMs = 20_000;

/** Lets as many writes out as Graph takes, each in its turn. */
export interface Quota {
  /**
   * Waits for a slot of the window.
   *
   * @returns to be called when the attempt is over: a slot that was used comes back one window later, else at once
   * @throws {GraphError} `THROTTLED` at once when the turn can't come within the deadline; `CLIENT_CLOSED`
   */
  take(deadline: Deadline): Promise<(used: boolean) => void>;
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

  function giveBack(used: boolean): void {
    if (used) returnsAt.push(performance.now() + windowMs);
    else free++;
    hand();
  }

  /** When the turn comes of one who joins the queue now; a slot in use is thought to come back a window from now. */
  function nextTurnAt(): number {
    const rounds = Math.floor(waiting.length / limit);
    return (returnsAt[waiting.length % limit] ?? performance.now() + windowMs) + rounds * windowMs;
  }

  return {
    async take(deadline) {
      hand();
      if (free > 0) {
        free--;
        return giveBack;
      }
      const turnAt = nextTurnAt();
      const untilTurnMs = () => Math.max(1, Math.ceil(turnAt - performance.now()));
      if (!deadline.allowsAttemptAfter(untilTurnMs()))
        throw new GraphError('THROTTLED', { retryAfterMs: untilTurnMs() });
      await new Promise<void>((resolve, reject) => {
        const start = () => {
          deadline.signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(start), 1);
          if (deadline.expired) reject(new GraphError('THROTTLED', { retryAfterMs: untilTurnMs() }));
          else reject(new GraphError('CLIENT_CLOSED'));
        };
        deadline.signal.addEventListener('abort', leave, { once: true });
        waiting.push(start);
        hand();
      });
      return giveBack;
    },
  };
}
