import { burstSlots, reservedSlots } from './fair-share.js';
import { createPace } from './pace.js';
import type { PerPriority } from './priority.js';
import { createSlidingWindow } from './sliding-window.js';

/** Ends the use of a slot. A used slot is free again one window later, an unused one immediately. */
export type Release = (used: boolean) => void;

/** How many slots are requested. */
export interface Demand extends PerPriority<number> {
  /** Interactive requests beyond their users' shares, which `interactive` does not contain. They are paced. */
  readonly excess: number;
}

/** The result of a request for slots. Times are milliseconds of `performance.now()`. */
export interface Grant {
  /** For requests of each priority, never more than were requested. */
  readonly slots: PerPriority<readonly Release[]>;
  /** When the next slot can be granted, unless one is released unused earlier. */
  readonly nextFreeAt: PerPriority<number>;
  /** When to request again; `Infinity` to wait for `onFreed`. */
  readonly retryAt: number;
}

/**
 * As many slots as the upstream accepts requests in one window. A slot is taken before a request is sent, and is free again
 * one window after its response, so that the limit holds however long the request was on its way.
 *
 * Rate limit libraries that slide (p-queue's `strict`, rolling-rate-limiter) count from the start of a task, and do not
 * release the slot of a request that was never sent.
 */
export interface SlotPool {
  readonly limit: number;
  readonly windowMs: number;
  /**
   * Takes free slots: immediately for interactive requests and for the first bulk requests of a window, evenly spread
   * over the window for all others.
   *
   * @param demand evaluated when the slots are taken, with a number of slots that are free
   * @throws {CallError} `OVERLOADED` if a shared pool cannot be reached; without `retryAfterMs` if another attempt would
   *   not help
   */
  request(demand: (free: number) => Demand): Promise<Grant>;
  /** The slots that are not free. @throws {CallError} `OVERLOADED` */
  used(): Promise<number>;
  /** Sets the listener that is called when a slot has become free early. */
  onFreed(listener: () => void): void;
}

/** Which slots a pool has. */
export interface SlotPoolOptions {
  /** Distinguishes the pools that replicas share. */
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  /** The longest time that one request can be in flight. */
  readonly deadlineMs: number;
}

/** Creates a pool in the memory of this process. */
export function createSlotPool({ limit, windowMs }: Pick<SlotPoolOptions, 'limit' | 'windowMs'>): SlotPool {
  const window = createSlidingWindow(limit, windowMs);
  const burst = createSlidingWindow(burstSlots(limit), windowMs);
  const reserved = reservedSlots(limit);
  const pace = createPace(reserved, windowMs);
  let notifyFreed: (() => void) | undefined;

  const release: Release = (used) => {
    window.release(used, performance.now());
    notifyFreed?.();
  };

  const releaseBurst: Release = (used) => {
    burst.release(used, performance.now());
    release(used);
  };

  function take(count: number, onRelease: Release): readonly Release[] {
    window.take(count);
    return Array.from({ length: count }, () => onRelease);
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      const now = performance.now();
      window.refill(now);
      burst.refill(now);
      const { interactive, excess, bulk } = demand(window.free);
      const within = take(Math.min(interactive, window.free), release);
      const first = take(Math.max(0, Math.min(bulk, burst.free, window.free - reserved)), releaseBurst);
      burst.take(first.length);
      const due = pace.take(excess + bulk - first.length, now, (at) => window.freeBy(at));
      const paced = take(due, release);
      // A slot stays in use for at least one window, unless it is released unused.
      const freeAt = Math.min(window.nextFreeAt, now + windowMs);
      return {
        slots: {
          interactive: [...within, ...paced.slice(0, excess)],
          bulk: [...first, ...paced.slice(excess)],
        },
        nextFreeAt: { interactive: window.free > 0 ? now : freeAt, bulk: window.free > reserved ? now : freeAt },
        retryAt: Math.min(window.nextFreeAt, pace.dueAt),
      };
    },
    async used() {
      window.refill(performance.now());
      return limit - window.free;
    },
    onFreed(listener) {
      notifyFreed = listener;
    },
  };
}
