import { expect, test } from 'vitest';
import { burstSlots, requestsWithinShare, reservedSlots, type UserDemand } from '../../src/scheduling/fair-share.js';

test.each<[UserDemand[], number, number, number]>([
  // One user leaves as many slots as it takes.
  [[{ waiting: 200, used: 0 }], 200, 200, 100],
  [[{ waiting: 200, used: 100 }], 100, 200, 0],
  [[{ waiting: 80, used: 0 }], 200, 200, 80],
  // Another user then gets a share of the rest.
  [[{ waiting: 200, used: 0 }], 100, 200, 50],
  // An eighth of the limit is within the share of each, even if others have used the rest.
  [[{ waiting: 40, used: 0 }], 2, 200, 25],
  [[{ waiting: 40, used: 20 }], 2, 200, 5],
  [[{ waiting: 40, used: 25 }], 2, 200, 0],
  // A batch is not divided.
  [[{ waiting: 20, used: 0 }], 20, 20, 20],
  // The user who has used least comes first.
  [
    [
      { waiting: 200, used: 60 },
      { waiting: 30, used: 0 },
    ],
    140,
    200,
    55,
  ],
])('of %j with %i free slots of %i, %i are within the shares', (users, free, limit, count) => {
  expect(requestsWithinShare(users, free, limit)).toBe(count);
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
