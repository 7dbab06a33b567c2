import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { redisKey } from '../../src/redis/keys.js';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { Deadline } from '../../src/scheduling/deadline.js';
import type { PriorityLevel } from '../../src/scheduling/priority.js';
import { createRateLimiter } from '../../src/scheduling/rate-limiter.js';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeWithRedis, useRedis, useRedisConnection } from '../support/redis.js';

const windowMs = 20_000;
const deadlineMs = 30_000;

describeWithRedis('the slots of several replicas', () => {
  const server = useRedis();
  const redis = useRedisConnection(server);
  let poolCount = 0;

  /** The pools of some replicas, with the name of their keys. */
  function createPools(replicas: number, limit: number) {
    const name = `slots-${poolCount++}`;
    const pools = Array.from({ length: replicas }, (_, index) =>
      createRedisSlotPool({ redis, replicaId: `replica ${index}`, name, limit, windowMs, deadlineMs }),
    );
    return { name, at: (index: number): SlotPool => pools[index] ?? expect.fail('no such replica') };
  }

  async function take(pool: SlotPool, level: PriorityLevel, user: string, waiting: number): Promise<number> {
    const demand = { interactive: [], bulk: [], maxBulk: waiting, [level]: [{ user, waiting }] };
    const { slots } = await pool.request(() => demand);
    return slots[level].length;
  }

  test('are shared by users, who have one share at all replicas', async () => {
    const { at } = createPools(5, 200);
    // One of the requests beyond the share is due.
    expect(await take(at(0), 'interactive', 'one', 200)).toBe(101);
    for (let replica = 1; replica < 5; replica++) {
      expect(await take(at(replica), 'interactive', 'one', 200)).toBeLessThanOrEqual(1);
    }
    expect(await take(at(4), 'interactive', 'two', 40)).toBe(40);
  });

  test('are for the users who have used less, also if they wait at another replica', async () => {
    const { at } = createPools(2, 200);
    expect(await take(at(0), 'bulk', 'one', 100)).toBe(100);
    // Another user waits at the other replica when the first one requests more.
    const demand = { interactive: [], bulk: [{ user: 'two', waiting: 30 }], maxBulk: 10 };
    const [{ slots }, more] = await Promise.all([at(1).request(() => demand), take(at(0), 'bulk', 'one', 100)]);
    expect([slots.bulk.length, more]).toEqual([10, 0]);
    expect(await take(at(1), 'bulk', 'two', 20)).toBeGreaterThanOrEqual(10);
  });

  test('are divided equally between bulk updates at all replicas', async () => {
    const { at } = createPools(5, 200);
    const granted = new Map<string, number>();
    const cancellation = new AbortController();
    setMaxListeners(0, cancellation.signal);
    const deadline = new Deadline({ totalMs: deadlineMs, cancellation: cancellation.signal });
    for (let replica = 0; replica < 5; replica++) {
      const limiter = createRateLimiter(at(replica), 20);
      const user = `user ${replica}`;
      const priority = { user, fairnessKey: user, level: 'bulk' as const };
      for (let each = 0; each < 200; each++) {
        limiter
          .acquire(priority, deadline, false)
          .then(() => granted.set(user, (granted.get(user) ?? 0) + 1))
          .catch(() => undefined);
      }
    }
    const total = () => [...granted.values()].reduce((sum, count) => sum + count, 0);
    await expect.poll(total).toBeGreaterThanOrEqual(150);
    const counts = [...granted.values()];
    cancellation.abort();
    expect(counts).toHaveLength(5);
    // A batch of 20 is not divided.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(40);
  });

  test('are not taken for bulk requests while one replica pauses them', async () => {
    const { at } = createPools(2, 200);
    at(0).pauseBulk(60_000);
    at(0).pauseBulk(10_000);
    await expect.poll(() => take(at(1), 'bulk', 'one', 1)).toBe(0);
    const { nextFreeAt } = await at(1).request(() => ({
      interactive: [],
      bulk: [{ user: 'one', waiting: 1 }],
      maxBulk: 1,
    }));
    expect(nextFreeAt.bulk).toBeGreaterThan(performance.now() + 30_000);
    expect(await take(at(1), 'interactive', 'one', 1)).toBe(1);
  });

  test('are in use for no longer than a request can be in flight, also after the clock was set back', async () => {
    const { name, at } = createPools(1, 10);
    const key = redisKey('quota', name);
    expect(await take(at(0), 'interactive', 'one', 10)).toBe(10);
    for (const member of await server.inspect.zRange(key, 0, -1)) {
      await server.inspect.zAdd(key, { score: Date.now() + 1_800_000, value: member });
    }
    expect(await take(at(0), 'interactive', 'one', 1)).toBe(0);
    const [latest] = await server.inspect.zRangeWithScores(key, -1, -1);
    expect(latest?.score).toBeLessThanOrEqual(Date.now() + deadlineMs + windowMs);
    expect(await at(0).used()).toBe(10);
  });

  test('contain no readable user', async () => {
    const { name, at } = createPools(1, 10);
    await take(at(0), 'bulk', 'canary-user', 10);
    await take(at(0), 'interactive', 'canary-user', 10);
    const keys = await server.inspect.keys(`*${name}*`);
    expect(keys.length).toBeGreaterThanOrEqual(4);
    expect(keys.join()).not.toContain('canary-user');
    for (const each of keys) expect(await server.inspect.pTTL(each)).toBeGreaterThan(0);
  });
});
