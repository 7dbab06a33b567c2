import { createSlidingWindow, type SlidingWindow } from './sliding-window.js';

/** Counts the slots that each user has used in the last window. */
export interface UserUsage {
  of(user: string): number;
  /** Counts one slot. @returns ends its use, which counts for one more window unless it is unused */
  add(user: string): (used: boolean) => void;
}

/** Creates a count at zero. */
export function createUserUsage(windowMs: number): UserUsage {
  const windows = new Map<string, SlidingWindow>();
  let sweepAt = 0;

  function usedAt(user: string, now: number): number {
    const window = windows.get(user);
    if (window === undefined) return 0;
    window.refill(now);
    if (window.free === 0) windows.delete(user);
    return -window.free;
  }

  return {
    of: (user) => usedAt(user, performance.now()),
    add(user) {
      const now = performance.now();
      if (now >= sweepAt) {
        sweepAt = now + windowMs;
        for (const each of windows.keys()) usedAt(each, now);
      }
      const window = windows.get(user) ?? createSlidingWindow(0, windowMs);
      windows.set(user, window);
      window.take(1);
      return (used) => window.release(used, performance.now());
    },
  };
}
