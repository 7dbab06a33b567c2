import { expect, test } from 'vitest';
import type { Slot, SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const windowMs = 20_000;

/** Requests slots for one user, or for several. */
async function take(pool: SlotPool, interactive: Waiting, bulk: Waiting) {
  const grant = await pool.request(() => ({ interactive: demand(interactive), bulk: demand(bulk), maxBulk: 200 }));
  const { slots } = grant;
  return { ...grant, counts: [countByUser(slots.interactive), countByUser(slots.bulk)] };
}

type Waiting = number | Readonly<Record<string, number>>;

const demand = (waiting: Waiting) =>
  Object.entries(typeof waiting === 'number' ? { one: waiting } : waiting).map(([user, count]) => ({
    user,
    waiting: count,
  }));

/** A number if there is only the first user. */
function countByUser(slots: readonly Slot[]): Waiting {
  const counts: Record<string, number> = {};
  for (const { user } of slots) counts[user] = (counts[user] ?? 0) + 1;
  return Object.keys(counts).every((user) => user === 'one') ? (counts['one'] ?? 0) : counts;
}

describeMemoryAndRedis('a slot pool', ({ slotPool: create }) => {
  test('never grants more slots than it has, and reserves some for interactive requests', async () => {
    const pool = create(20);
    expect((await take(pool, 3, 10)).counts).toEqual([3, 10]);
    expect((await take(pool, 0, 10)).counts).toEqual([0, 6]);
    expect((await take(pool, 5, 5)).counts).toEqual([1, 0]);
    expect(await pool.used()).toBe(20);
  });

  test('grants six tenths of its slots to bulk requests at once, and spreads the others over the window', async () => {
    const pool = create(200);
    // The first of the paced slots is due immediately.
    expect((await take(pool, 0, 200)).counts).toEqual([0, 121]);
    const { counts, nextFreeAt, retryAt } = await take(pool, 0, 79);
    expect(counts).toEqual([0, 0]);
    // 77 slots for 20 s, since two are reserved.
    expect(retryAt - performance.now()).toBeLessThanOrEqual(windowMs / 77 + 2);
    // A request for a free slot is not beyond reach.
    expect(nextFreeAt.bulk).toBeLessThanOrEqual(performance.now());
    const { slots } = await take(pool, { one: 20, two: 20, three: 20, four: 20 }, 0);
    expect(slots.interactive).toHaveLength(79);
  });

  test('spreads interactive requests beyond a share over the window, ahead of bulk requests', async () => {
    const pool = create(200);
    expect((await take(pool, 0, 100)).counts).toEqual([0, 100]);
    // Half of the rest is within the share. Of the other requests, one is due.
    expect((await take(pool, 60, 40)).counts).toEqual([51, 20]);
    expect((await take(pool, 10, 20)).counts).toEqual([0, 0]);
  });

  test('divides the slots for bulk requests equally among users, counting those of the last window', async () => {
    const pool = create(200);
    expect((await take(pool, 0, { one: 50 })).counts).toEqual([0, 50]);
    expect((await take(pool, 0, { one: 100, two: 100 })).counts).toEqual([0, { one: 11, two: 60 }]);
  });

  test('gives each user a share of the free slots, counting those of the last window', async () => {
    const pool = create(200);
    expect((await take(pool, { one: 60 }, 0)).counts).toEqual([60, 0]);
    const { slots } = await take(pool, { one: 100, two: 30 }, 0);
    expect(countByUser(slots.interactive.slice(0, 55))).toEqual({ one: 25, two: 30 });
    // Of the others, the first one is due.
    expect(slots.interactive).toHaveLength(56);
  });

  test('takes no slots for bulk requests in a pause', async () => {
    const pool = create(200);
    pool.pauseBulk(60_000);
    pool.pauseBulk(10_000);
    const { counts, nextFreeAt } = await take(pool, 1, 1);
    expect(counts).toEqual([1, 0]);
    expect(nextFreeAt.bulk).toBeGreaterThan(performance.now() + 30_000);
  });

  test('lets bulk requests burst again when those of the last burst were not sent', async () => {
    const pool = create(200);
    const { slots } = await take(pool, 0, 120);
    expect(slots.bulk).toHaveLength(120);
    const freed = new Promise<void>((resolve) => pool.onFreed(resolve));
    for (const { release } of slots.bulk) release(false);
    await freed;
    await expect.poll(() => pool.used()).toBe(0);
    expect((await take(pool, 0, 120)).counts).toEqual([0, 120]);
  });

  test('frees unused slots immediately, and used ones after a window', async () => {
    const pool = create(4);
    const { slots } = await take(pool, 4, 0);
    const freed = new Promise<void>((resolve) => pool.onFreed(resolve));
    const releasedAt = performance.now();
    for (const [index, { release }] of slots.interactive.entries()) release(index < 3);
    await freed;
    await expect.poll(() => pool.used()).toBe(3);
    const { counts, nextFreeAt, retryAt } = await take(pool, 4, 0);
    expect(counts).toEqual([1, 0]);
    // Slots are freed in steps of 10 ms.
    expect(nextFreeAt.interactive).toBeGreaterThan(releasedAt + windowMs - 1000);
    expect(nextFreeAt.interactive).toBeLessThanOrEqual(performance.now() + windowMs + 10);
    expect(retryAt).toBeLessThanOrEqual(nextFreeAt.interactive + 10);
  });

  test('counts a slot in use for at least a window', async () => {
    const pool = create(1);
    const takenAt = performance.now();
    await take(pool, 1, 0);
    expect((await take(pool, 1, 0)).nextFreeAt.interactive).toBeGreaterThanOrEqual(takenAt + windowMs);
  });

  test('of one slot reserves none', async () => {
    expect((await take(create(1), 0, 3)).counts).toEqual([0, 1]);
  });
});
