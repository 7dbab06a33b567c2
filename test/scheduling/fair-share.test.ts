import { expect, test } from 'vitest';
import { burstSlots, divideSlots, requestsWithinShares, reservedSlots } from '../../src/scheduling/fair-share.js';

/** Users by how many requests wait and how many slots they have used. */
const usersOf = (users: readonly (readonly [number, number])[]) =>
  users.map(([waiting, used], index) => ({ user: `user ${index}`, waiting, used }));

test.each<[(readonly [number, number])[], number, number, number[]]>([
  // One user leaves as many slots as it takes.
  [[[200, 0]], 200, 200, [100]],
  [[[200, 100]], 100, 200, [0]],
  [[[80, 0]], 200, 200, [80]],
  // Another user then gets a share of the rest.
  [[[200, 0]], 100, 200, [50]],
  // A batch is within the share of each user, even if others have used the rest.
  [[[40, 0]], 20, 200, [20]],
  [[[40, 0]], 2, 200, [2]],
  [[[20, 0]], 20, 20, [20]],
  // An eighth of the limit is within it, as long as others find as many slots.
  [[[40, 20]], 10, 200, [5]],
  [[[40, 20]], 2, 200, [1]],
  [[[40, 24]], 1, 200, [1]],
  [[[40, 25]], 2, 200, [0]],
  // The user who has used least comes first.
  [
    [
      [200, 60],
      [30, 0],
    ],
    140,
    200,
    [25, 30],
  ],
  // However many users burst at once, seven others find free slots.
  [Array.from({ length: 9 }, () => [2000, 0] as const), 1800, 1800, [900, 450, 225, 113, 56, 28, 20, 8, 0]],
])(
  'of users with %j waiting and used and %i free slots of %i, %j are within the shares',
  (users, free, limit, counts) => {
    expect(requestsWithinShares(usersOf(users), free, limit)).toEqual(counts);
  },
);

test.each<[(readonly [number, number])[], number, number[]]>([
  // Users get equal shares.
  [
    [
      [100, 0],
      [100, 0],
    ],
    50,
    [25, 25],
  ],
  // A user who has used less is served until both have used the same.
  [
    [
      [100, 30],
      [40, 0],
    ],
    40,
    [5, 35],
  ],
  // What a user does not need is for the others.
  [
    [
      [100, 30],
      [2, 0],
      [3, 40],
    ],
    30,
    [25, 2, 3],
  ],
  [[[3, 0]], 5, [3]],
  [[], 5, []],
])('users with %j waiting and used divide %i slots as %j', (users, count, counts) => {
  expect(divideSlots(count, usersOf(users))).toEqual(counts);
});

test.each([
  [1, 0, 1],
  [3, 1, 2],
  [20, 1, 19],
  [40, 1, 24],
  [200, 2, 120],
  [1800, 18, 1080],
])('of %i slots, %i are reserved and %i are for a burst of bulk requests', (limit, reserved, burst) => {
  expect([reservedSlots(limit), burstSlots(limit)]).toEqual([reserved, burst]);
});
