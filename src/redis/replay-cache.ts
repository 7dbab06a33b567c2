import type { ReplayCache } from '../auth/replay-cache.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';

/** Creates a cache that all replicas share. Ids are deleted when they expire. */
export function createRedisReplayCache(redis: Redis): ReplayCache {
  return {
    async use(id, lifetimeMs) {
      const expiration = { type: 'PX', value: Math.max(1, Math.ceil(lifetimeMs)) } as const;
      const key = redisKey('used-sign-in', id);
      return (await redis.run((commands) => commands.set(key, '', { condition: 'NX', expiration }))) === 'OK';
    },
  };
}
