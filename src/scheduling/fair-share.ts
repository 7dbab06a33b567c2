/** A batch is not divided: this many slots are within every user's share while they are free. */
const minSharedSlots = 20;

/** One of this many slots is within a user's share, as long as others find as many free. */
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

/** The two minimum sizes of a user's share: of all slots that are free, and of half of them. */
export function minShares(limit: number): readonly [ofAll: number, ofHalf: number] {
  return [minSharedSlots, Math.max(minSharedSlots, Math.floor(limit / slotsPerMinShare))];
}

/** The waiting requests of one user. */
export interface UserDemand {
  readonly user: string;
  readonly waiting: number;
}

/** The same, with the number of slots that the user has used in the last window. */
export interface UserShare extends UserDemand {
  readonly used: number;
}

/**
 * How many waiting requests of each user are within the user's share of the free slots. The share is as many slots as
 * it leaves free for others, counting those that the user has used. The users who have used least come first.
 */
export function requestsWithinShares(users: readonly UserShare[], free: number, limit: number): readonly number[] {
  const [minOfAll, minOfHalf] = minShares(limit);
  const counts = users.map(() => 0);
  let left = free;
  for (const [index, { waiting, used }] of [...users.entries()].toSorted(
    ([, one], [, other]) => one.used - other.used,
  )) {
    const half = Math.max(Math.floor((left - used) / 2), Math.min(minOfHalf - used, Math.ceil(left / 2)));
    const count = Math.min(waiting, left, Math.max(0, minOfAll - used, half));
    counts[index] = count;
    left -= count;
  }
  return counts;
}

/**
 * Divides slots among users, one by one, each to the user who has used least (max-min fairness).
 *
 * @returns how many slots each user gets; together fewer than `count` only if fewer requests wait
 */
export function divideSlots(count: number, users: readonly UserShare[]): readonly number[] {
  const counts = users.map(() => 0);
  for (let left = count; left > 0; left--) {
    let next = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [index, { waiting, used }] of users.entries()) {
      const own = counts[index] ?? 0;
      if (own < waiting && used + own < least) [next, least] = [index, used + own];
    }
    if (next < 0) break;
    counts[next] = (counts[next] ?? 0) + 1;
  }
  return counts;
}

/** What is left of the users' requests after some of them got slots. */
export function afterGrant(users: readonly UserShare[], counts: readonly number[]): readonly UserShare[] {
  return users.map(({ user, waiting, used }, index) => {
    const count = counts[index] ?? 0;
    return { user, waiting: waiting - count, used: used + count };
  });
}

/** How many requests of all users wait. */
export function totalWaiting(users: Iterable<UserDemand>): number {
  let total = 0;
  for (const { waiting } of users) total += waiting;
  return total;
}
