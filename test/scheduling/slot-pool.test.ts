import { expect, test } from 'vitest';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const windowMs = 20_000;

async function take(pool: SlotPool, interactive: number, bulk: number, excess = 0) {
  const grant = await pool.request(() => ({ interactive, excess, bulk }));
  return { ...grant, counts: [grant.slots.interactive.length, grant.slots.bulk.length] };
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
    expect((await take(pool, 100, 0)).counts).toEqual([79, 0]);
  });

  test('spreads interactive requests beyond a share over the window, ahead of bulk requests', async () => {
    const pool = create(200);
    expect((await take(pool, 98, 0, 50)).counts).toEqual([99, 0]);
    expect((await take(pool, 0, 98, 50)).counts).toEqual([0, 98]);
    expect(await pool.used()).toBe(197);
  });

  test('lets bulk requests burst again when those of the last burst were not sent', async () => {
    const pool = create(200);
    const { slots } = await take(pool, 0, 120);
    expect(slots.bulk).toHaveLength(120);
    const freed = new Promise<void>((resolve) => pool.onFreed(resolve));
    for (const release of slots.bulk) release(false);
    await freed;
    await expect.poll(() => pool.used()).toBe(0);
    expect((await take(pool, 0, 120)).counts).toEqual([0, 120]);
  });

  test('frees unused slots immediately, and used ones after a window', async () => {
    const pool = create(4);
    const { slots } = await take(pool, 4, 0);
    const freed = new Promise<void>((resolve) => pool.onFreed(resolve));
    const releasedAt = performance.now();
    for (const [index, release] of slots.interactive.entries()) release(index < 3);
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
