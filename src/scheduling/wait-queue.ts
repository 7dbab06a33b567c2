import { CallError } from '../errors.js';
import type { Deadline } from './deadline.js';
import { createFairQueue } from './fair-queue.js';
import type { PerPriority, PriorityLevel, RequestPriority } from './priority.js';
import type { Demand, Release, SlotPool } from './slot-pool.js';

/** A request that waits for a slot. */
export interface Waiter {
  readonly priority: RequestPriority;
  readonly deadline: Deadline;
  readonly isRetry: boolean;
  readonly resolve: (release: Release) => void;
  readonly reject: (error: CallError) => void;
}

/** The requests that wait for slots, and how long each of them has to wait at least. */
export interface WaitQueue {
  readonly size: PerPriority<number>;
  /** @param maxBulk how many bulk requests can be started now */
  demand(maxBulk: number): Demand;
  /** Adds a request with the priority that it has now. */
  add(waiter: Waiter): void;
  remove(waiter: Waiter): void;
  /** The bulk request with this priority, if it waits. */
  bulkWaiter(priority: RequestPriority): Waiter | undefined;
  /** Removes the next request of a user that has time for an attempt, and rejects those before it that have none. */
  shift(level: PriorityLevel, user: string): Waiter | undefined;
  /** A lower bound of the wait for a slot, in milliseconds. */
  minWaitMs(waiter: Waiter): number;
  /**
   * Rejects the requests whose slot cannot become free in time. The others wait.
   *
   * @param nextFreeAt when the next slot becomes free, for each priority that is short of slots
   */
  rejectUnreachable(nextFreeAt: Partial<PerPriority<number>>): void;
  rejectAll(error: CallError): void;
}

/** Where a request waits. */
interface Place {
  /** Another rate limiter may raise the priority of the request at any time, but not this level. */
  readonly level: PriorityLevel;
  /** Its position in the sequence of all requests of its level that leave the queue. */
  readonly rank: number;
}

/** Creates an empty queue in front of a pool. */
export function createWaitQueue(pool: SlotPool): WaitQueue {
  const queues = {
    interactive: createFairQueue<Waiter>((user) => pool.usedBy(user, 'interactive')),
    bulk: createFairQueue<Waiter>((user) => pool.usedBy(user, 'bulk')),
  };
  const places = new Map<Waiter, Place>();
  const bulkWaiters = new Map<RequestPriority, Waiter>();
  /** Those that have not been checked since they were added. */
  const unchecked = new Set<Waiter>();
  const served = { interactive: 0, bulk: 0 };
  let nextFreeAt: Partial<PerPriority<number>> = {};

  function forget(waiter: Waiter): void {
    places.delete(waiter);
    unchecked.delete(waiter);
    bulkWaiters.delete(waiter.priority);
  }

  /** Of the slots that become free, each serves one request per window. */
  function minWaitMs(waiter: Waiter): number {
    const { level, rank } = places.get(waiter) ?? { level: waiter.priority.level, rank: 0 };
    const ahead = Math.max(0, rank - served[level]);
    const at = (nextFreeAt[level] ?? 0) + Math.floor(ahead / pool.limit) * pool.windowMs;
    return Math.max(1, Math.ceil(at - performance.now()));
  }

  const reject = (waiter: Waiter, waitMs: number) =>
    waiter.reject(new CallError('THROTTLED', { retryAfterMs: waitMs }));

  return {
    rejectAll(error) {
      for (const waiter of places.keys()) waiter.reject(error);
    },
    get size() {
      return { interactive: queues.interactive.size, bulk: queues.bulk.size };
    },
    demand: (maxBulk) => ({ interactive: queues.interactive.demand(), bulk: queues.bulk.demand(), maxBulk }),
    add(waiter) {
      const { priority, isRetry } = waiter;
      const { level } = priority;
      places.set(waiter, { level, rank: served[level] + queues[level].positionOf(priority, isRetry) });
      queues[level].push(priority, waiter, isRetry);
      unchecked.add(waiter);
      if (level === 'bulk') bulkWaiters.set(priority, waiter);
    },
    remove(waiter) {
      const place = places.get(waiter);
      if (place !== undefined) queues[place.level].remove(waiter.priority, waiter);
      forget(waiter);
    },
    bulkWaiter: (priority) => bulkWaiters.get(priority),
    shift(level, user) {
      for (;;) {
        const waiter = queues[level].shift(user);
        if (waiter === undefined) return undefined;
        served[level]++;
        const waitMs = minWaitMs(waiter);
        forget(waiter);
        if (waiter.deadline.allowsAttemptAfter(0)) return waiter;
        reject(waiter, waitMs);
      }
    },
    minWaitMs,
    rejectUnreachable(next) {
      nextFreeAt = next;
      for (const waiter of unchecked) {
        const level = places.get(waiter)?.level;
        if (level === undefined || next[level] === undefined) continue;
        unchecked.delete(waiter);
        const waitMs = minWaitMs(waiter);
        if (!waiter.deadline.allowsAttemptAfter(waitMs)) reject(waiter, waitMs);
      }
    },
  };
}
