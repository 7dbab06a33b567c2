import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.js';
import type { Lanes, Slots } from '../../src/scheduling/slot-pool.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

async function grant(slots: Slots, wanted: Lanes) {
  const granted = await (slots.grant === undefined ? slots.ask(wanted) : slots.grant(wanted));
  if (granted instanceof CallError) throw granted;
  return granted;
}

describeMemoryAndRedis('the slots of a window', ({ slots: create }) => {
  test('are never more than there are, and bulk work leaves some', async () => {
    const slots = create(40);
    const first = await grant(slots, { interactive: 3, bulk: 20 });
    expect([first.interactive.length, first.bulk.length]).toEqual([3, 20]);
    const second = await grant(slots, { interactive: 0, bulk: 20 });
    expect(second.bulk).toHaveLength(15);
    const third = await grant(slots, { interactive: 5, bulk: 5 });
    expect([third.interactive.length, third.bulk.length]).toEqual([2, 0]);
    expect(await slots.used()).toBe(40);
  });

  test('that were not used are free at once, and used ones are not', async () => {
    const slots = create(4);
    const { interactive } = await grant(slots, { interactive: 4, bulk: 0 });
    const freed = new Promise<void>((resolve) => slots.whenFreed(resolve));
    for (const [index, release] of interactive.entries()) release(index < 3);
    await freed;
    await expect.poll(() => slots.used()).toBe(3);
    const again = await grant(slots, { interactive: 4, bulk: 0 });
    expect(again.interactive).toHaveLength(1);
    // The next one comes back within a window, and so does that of somebody who has two ahead; the fourth is in use.
    const now = performance.now();
    for (const ahead of [0, 2]) {
      expect(again.earliest(ahead) - now).toBeGreaterThan(15_000);
      expect(again.earliest(ahead) - now).toBeLessThanOrEqual(20_050);
    }
    expect(again.earliest(5) - now).toBeGreaterThan(35_000);
    expect(again.nextAt).toBeLessThanOrEqual(now + 20_050);
  });

  test('of which there is only one are for everybody', async () => {
    const slots = create(1);
    expect((await grant(slots, { interactive: 0, bulk: 3 })).bulk).toHaveLength(1);
  });
});
