import {
  type IRateLimiterOptions,
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
} from 'rate-limiter-flexible';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';

/**
 * Creates a counter of requests that all replicas share. A replica that has seen the limit exceeded rejects without
 * Redis until the window ends, and counts by itself while Redis is unavailable.
 */
export function createRedisRequestCounter(redis: Redis, options: IRateLimiterOptions): RateLimiterAbstract {
  const { keyPrefix = '', points } = options;
  return new RateLimiterRedis({
    ...options,
    keyPrefix: redisKey('requests', keyPrefix),
    // The part of the client that the counter uses.
    storeClient: {
      eval: (script: string, parameters: { readonly keys: string[]; readonly arguments: string[] }) =>
        redis.run((commands) => commands.eval(script, parameters)),
    },
    useRedisPackage: true,
    inMemoryBlockOnConsumed: points + 1,
    insuranceLimiter: new RateLimiterMemory(options),
  });
}
