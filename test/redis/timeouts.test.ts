import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Redis } from '../../src/redis/connection.js';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { connectRedis, describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';

describeWithRedis('a command that times out', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeEach(async () => {
    server = await startRedis();
    redis = await connectRedis(server.url);
  });
  afterEach(async () => {
    server.resume();
    await redis.close();
    await server.close();
  });

  test('takes no slots when Redis runs it later', async () => {
    const pool = createRedisSlotPool({
      redis,
      replicaId: 'one',
      name: 'test',
      limit: 10,
      windowMs: 20_000,
      deadlineMs: 30_000,
    });
    const request = () => pool.request(() => ({ interactive: 10, bulk: 0 }));
    server.pause();
    await expect(request()).rejects.toMatchObject({ reason: 'OVERLOADED' });
    server.resume();
    await expect.poll(() => redis.isUp()).toBe(true);
    await expect.poll(() => pool.used()).toBe(0);
    expect((await request()).slots.interactive).toHaveLength(10);
  });
});
