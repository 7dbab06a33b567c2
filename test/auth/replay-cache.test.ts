import { expect, test } from 'vitest';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

describeMemoryAndRedis('a replay cache', ({ replayCache }) => {
  test('accepts each id once, also when it is used concurrently', async () => {
    const cache = replayCache();
    const uses = await Promise.all(Array.from({ length: 20 }, () => cache.use('one', 60_000)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await cache.use('other', 60_000)).toBe(true);
    expect(await cache.use('one', 60_000)).toBe(false);
  });

  test('forgets an id when it expires', async () => {
    const cache = replayCache();
    expect(await cache.use('short', 20)).toBe(true);
    await expect.poll(() => cache.use('short', 20)).toBe(true);
  });
});
