import { describe, expect, vi } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { Secret } from '../../src/secret.js';
import { type Lifetime, useFixture } from './fixture.js';
import { isRedisInstalled, startRedis, type TestRedis } from './redis-server.js';

export { startRedis, type TestRedis } from './redis-server.js';

if (!isRedisInstalled && process.env['CI'] === 'true') throw new Error('CI must have Redis');

/** Declares tests that need Redis. They are skipped where it is not installed. */
export const describeWithRedis = describe.skipIf(!isRedisInstalled);

/** Starts a Redis, and removes it with its data. */
export function useRedis(lifetime: Lifetime = 'suite'): TestRedis {
  return useFixture(startRedis, (redis) => redis.close(), lifetime);
}

/** Connects to a Redis from {@link useRedis} as the service does, and closes the connection. */
export function useRedisConnection(server: TestRedis, lifetime: Lifetime = 'suite'): Redis {
  return useFixture(
    () => connectRedis(server.url),
    (redis) => {
      server.resume();
      return redis.close();
    },
    lifetime,
  );
}

/** Connects to Redis as the service does. */
export async function connectRedis(url: string): Promise<Redis> {
  const redis = createRedis(new Secret(url), createLog('silent'));
  await vi.waitFor(async () => expect(await redis.isUp()).toBe(true), { timeout: 60_000 });
  return redis;
}
