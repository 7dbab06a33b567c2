import { setImmediate as immediate } from 'node:timers/promises';
import { CallError, requireCallError } from '../errors.js';
import type { Deadline } from './deadline.js';
import { createFairQueue } from './fair-queue.js';
import { requestsWithinShare } from './fair-share.js';
import type { PerPriority, PriorityLevel, RequestPriority } from './priority.js';
import type { Demand, Grant, Release, SlotPool } from './slot-pool.js';
import { createUserUsage } from './user-usage.js';

/** The maximum pause of bulk requests, even after a longer `Retry-After`: a slice after it tests the upstream again. */
const maxBulkPauseMs = 300_000;

/** The wait before the next request to a slot pool that could not be reached. */
const retryFailedRequestMs = 250;

const priorities = ['interactive', 'bulk'] as const satisfies readonly PriorityLevel[];

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

interface Waiter {
  readonly priority: RequestPriority;
  readonly deadline: Deadline;
  readonly isRetry: boolean;
  readonly resolve: (release: Release) => void;
  readonly reject: (error: CallError) => void;
  /** The queue that it is in. Another rate limiter may raise its priority at any time. */
  level: PriorityLevel;
  /** Its position in the sequence of all grants of its priority. */
  rank: number;
}

/**
 * Creates a rate limiter over a pool of slots.
 *
 * @param bulkSlice how many bulk requests start in one turn of the event loop
 */
export function createRateLimiter(pool: SlotPool, bulkSlice: number): RateLimiter {
  const usage = { interactive: createUserUsage(pool.windowMs), bulk: createUserUsage(pool.windowMs) };
  const queues = {
    interactive: createFairQueue<Waiter>((user) => usage.interactive.of(user)),
    bulk: createFairQueue<Waiter>((user) => usage.bulk.of(user)),
  };
  const granted = { interactive: 0, bulk: 0 };
  const bulkWaiters = new Map<RequestPriority, Waiter>();
  /** The waiters that have not been checked by {@link rejectUnreachable}. */
  const unchecked = new Set<Waiter>();
  let nextFreeAt: PerPriority<number> = { interactive: 0, bulk: 0 };
  let bulkPausedUntil = 0;
  let lastFailure: CallError | undefined;
  let isDistributing = false;
  let mustRepeat = false;
  let timer: NodeJS.Timeout | undefined;

  pool.onFreed(() => {
    if (waiting() > 0) void distribute();
  });

  const waiting = () => queues.interactive.size + queues.bulk.size;
  const isBulkPaused = () => performance.now() < bulkPausedUntil;
  const bulkDemand = () => (isBulkPaused() ? 0 : Math.min(queues.bulk.size, bulkSlice));

  function demand(free: number): Demand {
    const interactive = requestsWithinShare(queues.interactive.demands(), free, pool.limit);
    return { interactive, excess: queues.interactive.size - interactive, bulk: bulkDemand() };
  }

  /** Gets slots for the waiters, one request to the pool at a time. */
  async function distribute(): Promise<void> {
    mustRepeat = true;
    if (isDistributing) return;
    isDistributing = true;
    clearTimeout(timer);
    while (mustRepeat) {
      mustRepeat = false;
      if (queues.interactive.size + bulkDemand() > 0) await requestSlots();
      else waitForBulk();
    }
    isDistributing = false;
  }

  async function requestSlots(): Promise<void> {
    let wanted: PerPriority<number> = { interactive: 0, bulk: 0 };
    let grant: Grant;
    try {
      grant = await pool.request((free) => {
        const { interactive, excess, bulk } = demand(free);
        wanted = { interactive: interactive + excess, bulk };
        return { interactive, excess, bulk };
      });
    } catch (error) {
      lastFailure = requireCallError(error);
      if (lastFailure.details.retryAfterMs === undefined) return rejectAll(lastFailure);
      schedule(performance.now() + retryFailedRequestMs);
      return;
    }
    lastFailure = undefined;
    const short = priorities.filter((level) => grant.slots[level].length < wanted[level]);
    // Only a pool that was short of slots makes waiters wait for the next one.
    nextFreeAt = short.length > 0 ? grant.nextFreeAt : { interactive: 0, bulk: 0 };
    for (const level of priorities) for (const release of grant.slots[level]) start(level, release);
    short.forEach(rejectUnreachable);
    if (queues.bulk.size > 0 && wanted.bulk === bulkSlice && !short.includes('bulk')) {
      await immediate();
      mustRepeat = true;
    } else if (short.length > 0) schedule(grant.retryAt);
    else waitForBulk();
  }

  function rejectAll(error: CallError): void {
    for (const level of priorities) {
      for (let next = queues[level].shift(); next !== undefined; next = queues[level].shift()) next.reject(error);
    }
  }

  function waitForBulk(): void {
    if (queues.bulk.size === 0) return;
    rejectUnreachable('bulk');
    schedule(bulkPausedUntil);
  }

  function schedule(at: number): void {
    clearTimeout(timer);
    if (waiting() > 0 && at < Infinity) {
      timer = setTimeout(() => void distribute(), Math.max(1, Math.ceil(at - performance.now())));
    }
  }

  /** Gives a slot to the next waiter that has time for an attempt. */
  function start(level: PriorityLevel, release: Release): void {
    for (;;) {
      // A bulk request may have been boosted since the slots were requested.
      const waiter = queues[level].shift() ?? queues.interactive.shift();
      if (waiter === undefined) {
        release(false);
        return;
      }
      granted[waiter.level]++;
      if (waiter.deadline.allowsAttemptAfter(0)) {
        const endUse = usage[waiter.level].add(waiter.priority.user);
        waiter.resolve((used) => {
          endUse(used);
          release(used);
        });
        return;
      }
      waiter.reject(new CallError('THROTTLED', { retryAfterMs: minWaitMs(waiter) }));
    }
  }

  /** Rejects the waiters whose slot cannot become free in time. The others wait. */
  function rejectUnreachable(level: PriorityLevel): void {
    for (const waiter of unchecked) {
      if (waiter.level !== level) continue;
      unchecked.delete(waiter);
      const waitMs = minWaitMs(waiter);
      if (!waiter.deadline.allowsAttemptAfter(waitMs)) {
        waiter.reject(new CallError('THROTTLED', { retryAfterMs: waitMs }));
      }
    }
  }

  /** A lower bound: of the slots that become free, each serves one waiter per window. */
  function minWaitMs({ rank, level }: Waiter): number {
    const ahead = Math.max(0, rank - granted[level]);
    const slotAt = nextFreeAt[level] + Math.floor(ahead / pool.limit) * pool.windowMs;
    const at = level === 'bulk' ? Math.max(slotAt, bulkPausedUntil) : slotAt;
    return Math.max(1, Math.ceil(at - performance.now()));
  }

  function enqueue(waiter: Waiter): void {
    const { priority, isRetry } = waiter;
    const { level } = priority;
    waiter.level = level;
    waiter.rank = granted[level] + queues[level].positionOf(priority, isRetry);
    queues[level].push(priority, waiter, isRetry);
    if (level === 'bulk') bulkWaiters.set(priority, waiter);
    unchecked.add(waiter);
    void distribute();
  }

  function dequeue(waiter: Waiter): void {
    queues[waiter.level].remove(waiter.priority, waiter);
    forget(waiter);
    if (waiting() === 0) clearTimeout(timer);
  }

  function forget(waiter: Waiter): void {
    bulkWaiters.delete(waiter.priority);
    unchecked.delete(waiter);
  }

  return {
    acquire(priority, deadline, isRetry) {
      return new Promise((resolve, reject) => {
        const removeListener = deadline.onDone(() => onDone());
        const waiter: Waiter = {
          priority,
          deadline,
          isRetry,
          level: priority.level,
          rank: 0,
          resolve(release) {
            removeListener();
            forget(waiter);
            resolve(release);
          },
          reject(error) {
            removeListener();
            dequeue(waiter);
            reject(error);
          },
        };
        const onDone = () => {
          if (!deadline.isExpired) waiter.reject(deadline.cancellationError);
          else waiter.reject(lastFailure ?? new CallError('THROTTLED', { retryAfterMs: minWaitMs(waiter) }));
        };
        enqueue(waiter);
        if (deadline.isDone) onDone();
      });
    },
    boost(priority) {
      const waiter = bulkWaiters.get(priority);
      if (waiter !== undefined) dequeue(waiter);
      priority.level = 'interactive';
      if (waiter !== undefined) enqueue(waiter);
    },
    pauseBulk(ms) {
      bulkPausedUntil = Math.max(bulkPausedUntil, performance.now() + Math.min(ms, maxBulkPauseMs));
    },
    async usage() {
      const used = await pool.used().catch(() => undefined);
      return {
        limit: pool.limit,
        used,
        waiting: { interactive: queues.interactive.size, bulk: queues.bulk.size },
      };
    },
  };
}
