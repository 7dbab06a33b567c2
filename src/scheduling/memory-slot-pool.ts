import {
  afterGrant,
  burstSlots,
  divideSlots,
  requestsWithinShares,
  reservedSlots,
  totalWaiting,
  type UserDemand,
} from './fair-share.js';
import { createPace } from './pace.js';
import type { PriorityLevel } from './priority.js';
import { createSlidingWindow } from './sliding-window.js';
import type { Slot, SlotPool, SlotPoolOptions } from './slot-pool.js';
import { createUserUsage } from './user-usage.js';

/** Creates a pool in the memory of this process. */
export function createMemorySlotPool({ limit, windowMs }: Pick<SlotPoolOptions, 'limit' | 'windowMs'>): SlotPool {
  const window = createSlidingWindow(limit, windowMs);
  const burst = createSlidingWindow(burstSlots(limit), windowMs);
  const reserved = reservedSlots(limit);
  const pace = createPace(reserved, windowMs);
  const usage = { interactive: createUserUsage(windowMs), bulk: createUserUsage(windowMs) };
  let pausedUntil = 0;
  let notifyFreed: (() => void) | undefined;

  const withUsage = (level: PriorityLevel, users: readonly UserDemand[]) =>
    users.map(({ user, waiting }) => ({ user, waiting, used: usage[level].of(user) }));

  function take(
    level: PriorityLevel,
    users: readonly UserDemand[],
    counts: readonly number[],
    isBurst: boolean,
  ): Slot[] {
    return users.flatMap(({ user }, index) =>
      Array.from({ length: counts[index] ?? 0 }, () => takeOne(level, user, isBurst)),
    );
  }

  function takeOne(level: PriorityLevel, user: string, isBurst: boolean): Slot {
    const endUse = usage[level].add(user);
    window.take(1);
    if (isBurst) burst.take(1);
    return {
      user,
      release(used) {
        endUse(used);
        if (isBurst) burst.release(used, performance.now());
        const isFirst = window.nextFreeAt === Number.POSITIVE_INFINITY;
        window.release(used, performance.now());
        // Otherwise, a time to request again is known.
        if (!used || isFirst) notifyFreed?.();
      },
    };
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      const now = performance.now();
      window.refill(now);
      burst.refill(now);
      const isPaused = now < pausedUntil;
      const { interactive, bulk, maxBulk } = demand();
      const maxNow = isPaused ? 0 : Math.min(maxBulk, totalWaiting(bulk));
      const users = { interactive: withUsage('interactive', interactive), bulk: withUsage('bulk', bulk) };

      const within = requestsWithinShares(users.interactive, window.free, limit);
      const withinSlots = take('interactive', interactive, within, false);
      const atOnce = divideSlots(Math.min(maxNow, burst.free, window.free - reserved), users.bulk);
      const atOnceSlots = take('bulk', bulk, atOnce, true);

      const excess = afterGrant(users.interactive, within);
      const maxPaced = totalWaiting(excess) + maxNow - atOnceSlots.length;
      const due = pace.take(maxPaced, now, window);
      const excessSlots = take('interactive', interactive, divideSlots(due, excess), false);
      const paced = divideSlots(due - excessSlots.length, afterGrant(users.bulk, atOnce));
      const pacedSlots = take('bulk', bulk, paced, false);

      // A slot stays in use for at least one window, unless it is released unused.
      const freeAt = Math.min(window.nextFreeAt, now + windowMs);
      const bulkFreeAt = window.free > reserved ? now : freeAt;
      const retryAt = maxPaced > due ? Math.min(window.nextFreeAt, pace.dueAt) : Number.POSITIVE_INFINITY;
      return {
        slots: { interactive: [...withinSlots, ...excessSlots], bulk: [...atOnceSlots, ...pacedSlots] },
        nextFreeAt: { interactive: window.free > 0 ? now : freeAt, bulk: Math.max(bulkFreeAt, pausedUntil) },
        retryAt: isPaused ? Math.min(retryAt, pausedUntil) : retryAt,
      };
    },
    pauseBulk(ms) {
      pausedUntil = Math.max(pausedUntil, performance.now() + ms);
    },
    usedBy: (user, level) => usage[level].of(user),
    async used() {
      window.refill(performance.now());
      return limit - window.free;
    },
    onFreed(listener) {
      notifyFreed = listener;
    },
  };
}
