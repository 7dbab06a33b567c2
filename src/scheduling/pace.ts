import type { SlidingWindow } from './sliding-window.js';

/** How many times per window a pace is checked against the slots that become free. */
export const checksPerWindow = 100;

/** Spreads slots evenly over a window, so that some become free again and again. */
export interface Pace {
  /**
   * Takes the slots that are due. Call it again at `dueAt`, or when a slot becomes free.
   *
   * @param slots where they are taken from afterwards
   */
  take(wanted: number, now: number, slots: Pick<SlidingWindow, 'free' | 'forecast'>): number;
  /** When the next slots are due; `Infinity` if there are none until another slot becomes free. */
  readonly dueAt: number;
}

/**
 * Creates a pace. It is the highest constant rate at which the free slots, with those that become free later, never
 * fall below the reserve within one window. Slots that are due within the same hundredth of the window are taken
 * together.
 *
 * @param reserved how many slots stay free
 */
export function createPace(reserved: number, windowMs: number): Pace {
  const stepMs = windowMs / checksPerWindow;
  let last = { at: Number.NEGATIVE_INFINITY, count: 0 };
  let dueAt = Number.POSITIVE_INFINITY;
  return {
    get dueAt() {
      return dueAt;
    },
    take(wanted, now, slots) {
      dueAt = Number.POSITIVE_INFINITY;
      const available = Math.min(wanted, slots.free - reserved);
      if (available <= 0) return 0;
      let perMs = Number.POSITIVE_INFINITY;
      for (const [index, free] of slots.forecast(now, stepMs, checksPerWindow).entries()) {
        perMs = Math.min(perMs, (free - reserved) / ((index + 1) * stepMs));
      }
      let count = 0;
      if (now >= last.at + last.count / perMs) {
        count = Math.min(available, Math.max(1, Math.floor(perMs * stepMs)));
        last = { at: now, count };
      }
      dueAt = last.at + last.count / perMs;
      return count;
    },
  };
}
