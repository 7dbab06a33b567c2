import { expect, test } from 'vitest';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeWithRedis, type TestRedis, useRedis, useRedisConnection } from '../support/redis.js';

const windowMs = 20_000;
const unavailable = { reason: 'OVERLOADED' };

/** How often a command has been called, also by scripts. */
async function callsOf({ inspect }: TestRedis, command: string): Promise<number> {
  const stats = await inspect.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describeWithRedis('a slot pool while Redis is away', () => {
  const server = useRedis();
  const redis = useRedisConnection(server);
  const pool = (name: string, deadlineMs: number) =>
    createRedisSlotPool({ redis, replicaId: 'one', name, limit: 50, windowMs, deadlineMs });
  const request = (from: SlotPool) =>
    from.request(() => ({ interactive: [{ user: 'one', waiting: 1_000 }], bulk: [], maxBulk: 0 }));

  test('remembers nothing of requests that were not sent', async () => {
    const away = pool('stopped', 30_000);
    await server.stop();
    // Until the client notices, a command may have been sent.
    await expect.poll(() => redis.isUp()).toBe(false);
    for (let count = 0; count < 200; count++) await expect(request(away)).rejects.toMatchObject(unavailable);
    await server.start();
    await expect.poll(() => redis.isUp()).toBe(true);
    expect((await request(away)).slots.interactive).not.toEqual([]);
    expect(await callsOf(server, 'zrem')).toBeLessThan(10);
  });

  test('releases no more slots than there are, whatever was requested', async () => {
    const away = pool('paused', 30_000);
    const before = await callsOf(server, 'zrem');
    server.pause();
    await expect(request(away)).rejects.toMatchObject(unavailable);
    server.resume();
    await expect.poll(() => redis.isUp()).toBe(true);
    await expect.poll(() => away.used()).toBe(0);
    // One set for all slots, and one for those of bulk requests.
    expect((await callsOf(server, 'zrem')) - before).toBeLessThanOrEqual(2 * 50 + 10);
  });
});
