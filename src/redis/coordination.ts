import type { Logger } from 'pino';
import type { Stores } from '../auth/stores.js';
import type { ReplicaCoordination } from '../graph/create-graph.js';
import type { Secret } from '../secret.js';
import { createRedis } from './connection.js';
import { createHeartbeat } from './heartbeat.js';
import { RedisSessionStore } from './session-store.js';
import { createRedisSharedQueue } from './shared-queue.js';
import { createRedisSlotPool } from './slot-pool.js';
import { createRedisTokenStore } from './token-store.js';

/** All that this replica shares with the others. */
export interface Coordination extends ReplicaCoordination {
  /** Sealed with keys made of the secrets, of which the first one seals. @param idleMs how long a session lasts without anybody being active */
  stores(idleMs: number, secrets: readonly string[]): Stores;
  /** Whether what is shared can be reached. */
  isUp(): Promise<boolean>;
  /** Shares nothing any more, and disconnects. */
  close(): Promise<void>;
}

/** Joins the replicas that use the same Redis. @param onError told of each command that fails */
export function connectReplicas(url: Secret, log: Logger, onError: (() => void) | undefined): Coordination {
  const redis = createRedis(url, log, onError);
  const replica = createHeartbeat(redis);
  const unreadable = () => log.warn('a value in Redis can not be read: it counts as none');
  return {
    slots: (options) => createRedisSlotPool({ ...options, redis, replica: replica.id }),
    line: (wanted) => createRedisSharedQueue(redis, replica.id, wanted),
    stores: (idleMs, secrets) => ({
      sessions: new RedisSessionStore(idleMs, redis, secrets, unreadable),
      tokens: createRedisTokenStore(redis, secrets, unreadable),
    }),
    isUp: () => redis.isUp(),
    async close() {
      await replica.stop();
      await redis.close();
    },
  };
}
