import { describe, expect, vi } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { Secret } from '../../src/secret.js';
import { isRedisInstalled } from './redis-server.js';

export { startRedis, type TestRedis } from './redis-server.js';

if (!isRedisInstalled && process.env['CI'] === 'true') throw new Error('CI must have Redis');

/** Declares tests that need Redis. They are skipped where it is not installed. */
export const describeWithRedis = describe.skipIf(!isRedisInstalled);

/** Connects to Redis as the service does. */
export async function connectRedis(url: string): Promise<Redis> {
  const redis = createRedis(new Secret(url), createLog('silent'));
  await vi.waitFor(async () => expect(await redis.isUp()).toBe(true), { timeout: 60_000 });
  return redis;
}
