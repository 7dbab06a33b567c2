import { describe } from 'vitest';
import { MemorySessionStore } from '../../src/auth/memory-session-store.js';
import { createMemoryReplayCache, type ReplayCache } from '../../src/auth/replay-cache.js';
import type { SessionStore } from '../../src/auth/session-store.js';
import { createMemoryTokenStore, type TokenStore } from '../../src/auth/token-store.js';
import { createRedisReplayCache } from '../../src/redis/replay-cache.js';
import { RedisSessionStore } from '../../src/redis/session-store.js';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { createRedisTokenStore } from '../../src/redis/token-store.js';
import { createMemorySlotPool } from '../../src/scheduling/memory-slot-pool.js';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeWithRedis, useRedis, useRedisConnection } from './redis.js';

const secrets = ['a-session-secret-for-tests-of-stores'];
const unreadable = () => {
  throw new Error('a stored value could not be read');
};

/** Creates stores, either in memory or shared in Redis. */
export interface Stores {
  readonly sessions: (idleMs?: number) => SessionStore;
  readonly tokens: () => TokenStore;
  readonly replayCache: () => ReplayCache;
  readonly slotPool: (limit: number) => SlotPool;
}

/** Runs a suite once with the stores in memory and once with those in Redis. */
export function describeMemoryAndRedis(name: string, suite: (stores: Stores) => void): void {
  describe(`${name}, in memory`, () => {
    suite({
      sessions: (idleMs = 60_000) => new MemorySessionStore(idleMs),
      tokens: createMemoryTokenStore,
      replayCache: createMemoryReplayCache,
      slotPool: (limit) => createMemorySlotPool({ limit, windowMs: 20_000 }),
    });
  });

  describeWithRedis(`${name}, in Redis`, () => {
    const redis = useRedisConnection(useRedis());
    let count = 0;
    suite({
      sessions: (idleMs = 60_000) => new RedisSessionStore(idleMs, redis, secrets, unreadable),
      tokens: () => createRedisTokenStore(redis, secrets, unreadable),
      replayCache: () => createRedisReplayCache(redis),
      slotPool: (limit) =>
        createRedisSlotPool({
          redis,
          replicaId: 'test',
          name: `slots-${count++}`,
          limit,
          windowMs: 20_000,
          deadlineMs: 30_000,
        }),
    });
  });
}
