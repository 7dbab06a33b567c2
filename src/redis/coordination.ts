import type { Logger } from 'pino';
import type { Stores } from '../auth/stores.js';
import type { Sharing } from '../graph/create-graph.js';
import type { Secret } from '../secret.js';
import { createRedis } from './connection.js';
import { createReplica } from './heartbeat.js';
import { RedisSessionStore } from './session-store.js';
import { createRedisLine } from './shared-queue.js';
import { createRedisSlots } from './slot-pool.js';
import { createRedisTokenStore } from './token-store.js';

/** All that this replica shares with the others. */
export interface Replicas extends Sharing {
  /** Sealed with keys made of the secrets, of which the first one seals. @param idleMs how long a session lasts without anybody being active */
  stores(idleMs: number, secrets: readonly string[]): Stores;
  /** Whether what is shared can be reached. */
  isUp(): Promise<boolean>;
  /** Shares nothing any more, and disconnects. */
  leave(): Promise<void>;
}

/** Joins the replicas that use the same Redis. @param onError told of each command that fails */
export function joinReplicas(url: Secret, log: Logger, onError: (() => void) | undefined): Replicas {
  const redis = createRedis(url, log, onError);
  const replica = createReplica(redis);
  const unreadable = () => log.warn('a value in Redis can not be read: it counts as none');
  return {
    slots: (options) => createRedisSlots({ ...options, redis, replica: replica.id }),
    line: (wanted) => createRedisLine(redis, replica.id, wanted),
    stores: (idleMs, secrets) => ({
      sessions: new RedisSessionStore(idleMs, redis, secrets, unreadable),
      tokens: createRedisTokenStore(redis, secrets, unreadable),
    }),
    isUp: () => redis.isUp(),
    async leave() {
      await replica.leave();
      await redis.close();
    },
  };
}
