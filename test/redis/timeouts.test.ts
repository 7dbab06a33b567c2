import { expect, test } from 'vitest';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { describeWithRedis, useRedis, useRedisConnection } from '../support/redis.js';

describeWithRedis('a command that times out', () => {
  const server = useRedis();
  const redis = useRedisConnection(server);

  test('takes no slots when Redis runs it later', async () => {
    const pool = createRedisSlotPool({
      redis,
      replicaId: 'one',
      name: 'test',
      limit: 10,
      windowMs: 20_000,
      deadlineMs: 30_000,
    });
    const request = () => pool.request(() => ({ interactive: [{ user: 'one', waiting: 10 }], bulk: [], maxBulk: 0 }));
    server.pause();
    await expect(request()).rejects.toMatchObject({ reason: 'OVERLOADED' });
    server.resume();
    await expect.poll(() => redis.isUp()).toBe(true);
    await expect.poll(() => pool.used()).toBe(0);
    expect((await request()).slots.interactive).toHaveLength(10);
  });
});
