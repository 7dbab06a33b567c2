import type { PerPriority } from './priority.js';
import { createSlidingWindow } from './sliding-window.js';

/** One of this many slots is reserved for interactive requests. */
const slotsPerReserved = 20;

/** Ends the use of a slot. A used slot is free again one window later, an unused one immediately. */
export type Release = (used: boolean) => void;

/** The result of a request for slots. Times are milliseconds of `performance.now()`. */
export interface Grant {
  /** For requests of each priority, never more than were requested. */
  readonly slots: PerPriority<readonly Release[]>;
  /** When the next slot becomes free, unless one is released unused earlier. */
  readonly nextFreeAt: number;
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
   * Takes free slots, for bulk requests only while the reserved ones stay free.
   *
   * @param demand evaluated when the slots are taken
   * @throws {CallError} `OVERLOADED` if a shared pool cannot be reached
   */
  request(demand: () => PerPriority<number>): Promise<Grant>;
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

/** How many slots bulk requests never take. */
export function reservedSlots(limit: number): number {
  return limit === 1 ? 0 : Math.max(1, Math.floor(limit / slotsPerReserved));
}

/** Creates a pool in the memory of this process. */
export function createSlotPool({ limit, windowMs }: Pick<SlotPoolOptions, 'limit' | 'windowMs'>): SlotPool {
  const window = createSlidingWindow(limit, windowMs);
  const reserved = reservedSlots(limit);
  let notifyFreed: (() => void) | undefined;

  const release: Release = (used) => {
    window.release(used, performance.now());
    notifyFreed?.();
  };

  function take(count: number): readonly Release[] {
    window.take(count);
    return Array.from({ length: count }, () => release);
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      const now = performance.now();
      window.refill(now);
      const { interactive, bulk } = demand();
      const slots = {
        interactive: take(Math.min(interactive, window.free)),
        bulk: take(Math.max(0, Math.min(bulk, window.free - reserved))),
      };
      // A slot stays in use for at least one window, unless it is released unused.
      const nextFreeAt = Math.min(window.nextFreeAt, now + windowMs);
      return { slots, nextFreeAt, retryAt: window.nextFreeAt };
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
