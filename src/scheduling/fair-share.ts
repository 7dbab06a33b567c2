/** A batch is not divided: this many slots are never shared. */
const minSharedSlots = 20;

/** One of this many slots is within a user's share, even if few are free. */
const slotsPerMinShare = 8;

/** One of this many slots stays free for interactive requests. */
const slotsPerReserved = 100;

/** The fraction of the slots that bulk requests take at once. They are paced beyond it. */
const burstFraction = 0.6;

/** How many slots stay free for interactive requests within their user's share. */
export function reservedSlots(limit: number): number {
  return limit === 1 ? 0 : Math.max(1, Math.floor(limit / slotsPerReserved));
}

/** How many slots of one window bulk requests can take at once. */
export function burstSlots(limit: number): number {
  return Math.min(limit - reservedSlots(limit), Math.max(minSharedSlots, Math.floor(limit * burstFraction)));
}

/** The requests of one user. */
export interface UserDemand {
  readonly waiting: number;
  /** How many slots the user has used in the last window. */
  readonly used: number;
}

/**
 * How many waiting requests are within their user's share of the slots. The share is as many slots as it leaves free for
 * others, and at least a fixed part of the limit.
 */
export function requestsWithinShare(users: Iterable<UserDemand>, free: number, limit: number): number {
  const minShare = Math.max(minSharedSlots, Math.floor(limit / slotsPerMinShare));
  let left = free;
  let total = 0;
  for (const { waiting, used } of [...users].toSorted((one, other) => one.used - other.used)) {
    const count = Math.min(waiting, Math.max(0, minShare - used, Math.floor((left - used) / 2)));
    left -= count;
    total += count;
  }
  return total;
}
