/** Slots that can be used again only some time after they were used. */
export interface SlidingWindow {
  readonly free: number;
  /** Takes back the slots whose time has come. */
  refill(now: number): void;
  take(): void;
  /** A slot that was used comes back one span after `now`, else at once. */
  giveBack(used: boolean, now: number): void;
  /** When a slot comes back next; without an end when those in use are not known to be over yet. */
  readonly nextAt: number;
  /** When the slot after the next `ahead` ones comes back, at the earliest. */
  earliest(ahead: number, now: number): number;
}

/** Slots come back in steps of this, in milliseconds, so that what was sent together can be followed together. */
const grainMs = 10;

/** Makes a window of `limit` slots. Times are milliseconds on one clock that never goes back. */
export function createSlidingWindow(limit: number, spanMs: number): SlidingWindow {
  const returns: { readonly at: number; count: number }[] = [];
  let free = limit;
  return {
    get free() {
      return free;
    },
    refill(now) {
      for (let first = returns[0]; first !== undefined && first.at <= now; first = returns[0]) {
        free += first.count;
        returns.shift();
      }
    },
    take() {
      free--;
    },
    giveBack(used, now) {
      if (!used) {
        free++;
        return;
      }
      const at = Math.ceil((now + spanMs) / grainMs) * grainMs;
      const last = returns.at(-1);
      if (last?.at === at) last.count++;
      else returns.push({ at, count: 1 });
    },
    get nextAt() {
      return returns[0]?.at ?? Infinity;
    },
    earliest(ahead, now) {
      const rounds = Math.floor(ahead / limit);
      let left = ahead % limit;
      for (const { at, count } of returns) {
        if (left < count) return at - grainMs + rounds * spanMs;
        left -= count;
      }
      // The others are in use: a span after now at the earliest.
      return now + (rounds + 1) * spanMs;
    },
  };
}
