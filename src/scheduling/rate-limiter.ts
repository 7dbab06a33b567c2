import { setImmediate as immediate } from 'node:timers/promises';
import { CallError, requireCallError } from '../errors.js';
import type { Deadline } from './deadline.js';
import { totalWaiting } from './fair-share.js';
import { type PerPriority, type PriorityLevel, priorityLevels, type RequestPriority } from './priority.js';
import type { Demand, Grant, Release, Slot, SlotPool } from './slot-pool.js';
import { createWaitQueue, type Waiter } from './wait-queue.js';

/** The maximum pause of bulk requests, even after a longer `Retry-After`: a slice after it tests the upstream again. */
const maxBulkPauseMs = 300_000;

/** The wait before the next request to a slot pool that could not be reached. */
const retryFailedRequestMs = 250;

/** The state of a rate limiter. */
export interface Usage {
  readonly limit: number;
  /** `undefined` while a shared pool cannot be reached. */
  readonly used: number | undefined;
  readonly waiting: PerPriority<number>;
}

/** Starts as many requests as the upstream accepts. */
export interface RateLimiter {
  /**
   * Waits for a slot. Interactive requests take priority over bulk requests; users get equal shares of the window.
   *
   * @param isRetry a retry is served before the other requests of its fairness key
   * @returns a function to call when the attempt has ended
   * @throws {CallError} `THROTTLED` immediately if no slot can become free within the deadline, `OVERLOADED` if the
   *   pool cannot be reached, or the deadline's cancellation error
   */
  acquire(priority: RequestPriority, deadline: Deadline, isRetry: boolean): Promise<Release>;
  /** Raises a bulk request to interactive priority, also while it waits. */
  boost(priority: RequestPriority): void;
  /** Pauses bulk requests: the upstream throttles because other applications share its quota. */
  pauseBulk(ms: number): void;
  usage(): Promise<Usage>;
}

/**
 * Creates a rate limiter over a pool of slots. The pool decides which user gets a slot, and the limiter which request.
 *
 * @param bulkSlice how many bulk requests start in one turn of the event loop
 */
export function createRateLimiter(pool: SlotPool, bulkSlice: number): RateLimiter {
  const queue = createWaitQueue(pool);
  let lastFailure: CallError | undefined;
  let isDistributing = false;
  let mustRepeat = false;
  let timer: NodeJS.Timeout | undefined;

  pool.onFreed(() => {
    if (isWaiting()) void distribute();
  });

  function isWaiting(): boolean {
    const { interactive, bulk } = queue.size;
    return interactive + bulk > 0;
  }

  /** Gets slots for the waiters, one request to the pool at a time. */
  async function distribute(): Promise<void> {
    mustRepeat = true;
    if (isDistributing) return;
    isDistributing = true;
    clearTimeout(timer);
    while (mustRepeat) {
      mustRepeat = false;
      if (isWaiting()) await requestSlots();
    }
    isDistributing = false;
  }

  async function requestSlots(): Promise<void> {
    let demand: Demand = { interactive: [], bulk: [], maxBulk: 0 };
    let grant: Grant;
    try {
      grant = await pool.request(() => {
        demand = queue.demand(bulkSlice);
        return demand;
      });
    } catch (error) {
      lastFailure = requireCallError(error);
      if (lastFailure.details.retryAfterMs === undefined) return queue.rejectAll(lastFailure);
      schedule(performance.now() + retryFailedRequestMs);
      return;
    }
    lastFailure = undefined;
    const wanted = {
      interactive: totalWaiting(demand.interactive),
      bulk: Math.min(totalWaiting(demand.bulk), bulkSlice),
    };
    // Only a pool that was short of slots makes waiters wait for the next one.
    const short = priorityLevels.filter((level) => grant.slots[level].length < wanted[level]);
    for (const level of priorityLevels) for (const slot of grant.slots[level]) start(level, slot);
    queue.rejectUnreachable(Object.fromEntries(short.map((level) => [level, grant.nextFreeAt[level]])));
    if (queue.size.bulk > 0 && wanted.bulk === bulkSlice && !short.includes('bulk')) {
      await immediate();
      mustRepeat = true;
    } else if (short.length > 0) schedule(grant.retryAt);
  }

  function schedule(at: number): void {
    clearTimeout(timer);
    if (isWaiting() && at < Infinity) {
      timer = setTimeout(() => void distribute(), Math.max(1, Math.ceil(at - performance.now())));
    }
  }

  /** Gives a slot to the next request of its user, which may have been boosted since the slot was requested. */
  function start(level: PriorityLevel, { user, release }: Slot): void {
    const waiter = queue.shift(level, user) ?? queue.shift('interactive', user);
    if (waiter === undefined) release(false);
    else waiter.resolve(release);
  }

  return {
    acquire(priority, deadline, isRetry) {
      return new Promise((resolve, reject) => {
        const removeListener = deadline.onDone(() => onDone());
        const waiter: Waiter = {
          priority,
          deadline,
          isRetry,
          resolve(release) {
            removeListener();
            resolve(release);
          },
          reject(error) {
            removeListener();
            queue.remove(waiter);
            if (!isWaiting()) clearTimeout(timer);
            reject(error);
          },
        };
        const onDone = () => {
          if (!deadline.isExpired) waiter.reject(deadline.cancellationError);
          else waiter.reject(lastFailure ?? new CallError('THROTTLED', { retryAfterMs: queue.minWaitMs(waiter) }));
        };
        queue.add(waiter);
        void distribute();
        if (deadline.isDone) onDone();
      });
    },
    boost(priority) {
      const waiter = queue.bulkWaiter(priority);
      if (waiter !== undefined) queue.remove(waiter);
      priority.level = 'interactive';
      if (waiter === undefined) return;
      queue.add(waiter);
      void distribute();
    },
    pauseBulk: (ms) => pool.pauseBulk(Math.min(ms, maxBulkPauseMs)),
    usage: async () => ({
      limit: pool.limit,
      used: await pool.used().catch(() => undefined),
      waiting: queue.size,
    }),
  };
}
