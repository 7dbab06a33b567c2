import type { UserDemand } from './fair-share.js';
import type { PerPriority, PriorityLevel } from './priority.js';

/** Ends the use of a slot. A used slot is free again one window later, an unused one immediately. */
export type Release = (used: boolean) => void;

/** The requests that wait for slots, of each priority by user. */
export interface Demand extends PerPriority<readonly UserDemand[]> {
  /** How many bulk requests can be started now. */
  readonly maxBulk: number;
}

/** A slot for a request of one user. */
export interface Slot {
  readonly user: string;
  readonly release: Release;
}

/** The result of a request for slots. Times are milliseconds of `performance.now()`. */
export interface Grant {
  /** For each user, never more than requests wait. */
  readonly slots: PerPriority<readonly Slot[]>;
  /** When the next slot can be granted, unless one is released unused earlier. */
  readonly nextFreeAt: PerPriority<number>;
  /** When to request again; `Infinity` to wait for `onFreed`. */
  readonly retryAt: number;
}

/**
 * As many slots as the upstream accepts requests in one window. A slot is taken before a request is sent, and is free
 * again one window after its response, so that the limit holds however long the request was on its way.
 *
 * Rate limit libraries that slide (p-queue's `strict`, rolling-rate-limiter) count from the start of a task, and do not
 * release the slot of a request that was never sent.
 */
export interface SlotPool {
  readonly limit: number;
  readonly windowMs: number;
  /**
   * Takes free slots: immediately for interactive requests within their user's share and for the first bulk requests of
   * a window, evenly spread over the window for all others.
   *
   * @param demand evaluated when the slots are taken
   * @throws {CallError} `OVERLOADED` if a shared pool cannot be reached; without `retryAfterMs` if another attempt
   *   would not help
   */
  request(demand: () => Demand): Promise<Grant>;
  /** Takes no slots for bulk requests for some time. */
  pauseBulk(ms: number): void;
  /** How many slots a user has used in the last window, if the pool knows it without a request. */
  usedBy(user: string, level: PriorityLevel): number | undefined;
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
