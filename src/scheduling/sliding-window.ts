/** Slots that become free again one window after their use has ended. */
export interface SlidingWindow {
  readonly free: number;
  /** How many slots will be free after each of several equal steps, if no more are taken. */
  forecast(now: number, stepMs: number, steps: number): readonly number[];
  /** Frees the slots whose window has elapsed. */
  refill(now: number): void;
  take(count: number): void;
  /** A used slot is free again one window after `now`, an unused one immediately. */
  release(used: boolean, now: number): void;
  /** When the next slot becomes free; `Infinity` while every slot that is not free is in use. */
  readonly nextFreeAt: number;
}

/**
 * Slots become free in steps of this, in milliseconds, so that the slots of requests that were sent together become
 * free together.
 */
export const bucketMs = 10;

/** Creates a window of `limit` slots. Times are milliseconds of one monotonic clock. */
export function createSlidingWindow(limit: number, windowMs: number): SlidingWindow {
  const buckets: { readonly freeAt: number; count: number }[] = [];
  let free = limit;
  return {
    get free() {
      return free;
    },
    forecast(now, stepMs, steps) {
      let count = free;
      let next = 0;
      return Array.from({ length: steps }, (_, index) => {
        const at = now + (index + 1) * stepMs;
        for (let bucket = buckets[next]; bucket !== undefined && bucket.freeAt <= at; bucket = buckets[++next]) {
          count += bucket.count;
        }
        return count;
      });
    },
    refill(now) {
      for (let first = buckets[0]; first !== undefined && first.freeAt <= now; first = buckets[0]) {
        free += first.count;
        buckets.shift();
      }
    },
    take(count) {
      free -= count;
    },
    release(used, now) {
      if (!used) {
        free++;
        return;
      }
      const freeAt = Math.ceil((now + windowMs) / bucketMs) * bucketMs;
      const last = buckets.at(-1);
      if (last?.freeAt === freeAt) last.count++;
      else buckets.push({ freeAt, count: 1 });
    },
    get nextFreeAt() {
      return buckets[0]?.freeAt ?? Number.POSITIVE_INFINITY;
    },
  };
}
