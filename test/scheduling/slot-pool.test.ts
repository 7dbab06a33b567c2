import { expect, test } from 'vitest';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const windowMs = 20_000;

async function take(pool: SlotPool, interactive: number, bulk: number) {
  const grant = await pool.request(() => ({ interactive, bulk }));
  return { ...grant, counts: [grant.slots.interactive.length, grant.slots.bulk.length] };
}

describeMemoryAndRedis('a slot pool', ({ slotPool: create }) => {
  test('never grants more slots than it has, and reserves some for interactive requests', async () => {
    const pool = create(40);
    expect((await take(pool, 3, 20)).counts).toEqual([3, 20]);
    expect((await take(pool, 0, 20)).counts).toEqual([0, 15]);
    expect((await take(pool, 5, 5)).counts).toEqual([2, 0]);
    expect(await pool.used()).toBe(40);
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
    expect(nextFreeAt).toBeGreaterThan(releasedAt + windowMs - 1000);
    expect(nextFreeAt).toBeLessThanOrEqual(performance.now() + windowMs + 10);
    expect(retryAt).toBeLessThanOrEqual(nextFreeAt + 10);
  });

  test('counts a slot in use for at least a window', async () => {
    const pool = create(1);
    const takenAt = performance.now();
    await take(pool, 1, 0);
    expect((await take(pool, 1, 0)).nextFreeAt).toBeGreaterThanOrEqual(takenAt + windowMs);
  });

  test('of one slot reserves none', async () => {
    expect((await take(create(1), 0, 3)).counts).toEqual([0, 1]);
  });
});
