import type { Logger } from 'pino';
import type { Stores } from '../auth/stores.js';
import type { ActivityStore } from '../jobs/activity.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { JobStore } from '../jobs/job-store.js';
import type { ReplicaCoordination } from '../scheduling/replica-coordination.js';
import type { Secret } from '../secret.js';
import { createRedisActivityStore, type RedisActivityStore, type RedisActivityStoreOptions } from './activity-store.js';
import { createRedis } from './connection.js';
import { startHeartbeat } from './heartbeat.js';
import { createRedisJobQueue } from './job-queue.js';
import { createRedisJobStore, type RedisJobStoreOptions } from './job-store.js';
import { createRedisReplayCache } from './replay-cache.js';
import { createRedisRequestCounter } from './request-counter.js';
import { RedisSessionStore } from './session-store.js';
import { createRedisSharedQueue } from './shared-queue.js';
import { createRedisSlotPool } from './slot-pool.js';
import { createRedisTokenStore } from './token-store.js';

/** Everything that replicas share through Redis. */
export interface RedisCoordination extends ReplicaCoordination {
  /**
   * The sessions and tokens, sealed, and what limits sign-in.
   *
   * @param idleMs how long a session lasts without activity
   * @param secrets the first one seals, all of them open
   */
  stores(idleMs: number, secrets: readonly string[]): Stores;
  /** The jobs, sealed, and what decides which replica runs them. @param onError called if the work on a job fails */
  jobs(
    options: Omit<RedisJobStoreOptions, 'onUnreadable'>,
    onError: (error: unknown) => void,
  ): { readonly store: JobStore; readonly queue: JobQueue };
  /** The latest writes of all replicas, sealed. */
  activityStore(options: Omit<RedisActivityStoreOptions, 'onUnreadable' | 'onDropped'>): ActivityStore;
  /** Whether Redis can be used, writes included. */
  isUp(): Promise<boolean>;
  /** Removes this replica's heartbeat, so that the others count it as dead, and disconnects. */
  close(): Promise<void>;
}

/**
 * Connects to the Redis that replicas share. If Redis is unavailable, the connection is retried until it succeeds.
 *
 * @param onError called for each command that fails
 */
export function connectReplicas(url: Secret, log: Logger, onError: () => void): RedisCoordination {
  const redis = createRedis(url, log, onError);
  const heartbeat = startHeartbeat(redis);
  let activityStore: RedisActivityStore | undefined;
  const onDropped = () => log.warn('activities are dropped: Redis is slow or unavailable');
  const onUnreadable = () => log.warn('a value in Redis cannot be read and is ignored');
  return {
    slotPool: (options) => createRedisSlotPool({ ...options, redis, replicaId: heartbeat.id }),
    openSharedQueue: (onContended) => createRedisSharedQueue(redis, heartbeat.id, onContended),
    stores: (idleMs, secrets) => ({
      sessions: new RedisSessionStore(idleMs, redis, secrets, onUnreadable),
      tokens: createRedisTokenStore(redis, secrets, onUnreadable),
      usedTransactions: createRedisReplayCache(redis),
      requestCounter: (options) => createRedisRequestCounter(redis, options),
    }),
    jobs: (options, jobError) => ({
      store: createRedisJobStore(redis, { ...options, onUnreadable }),
      queue: createRedisJobQueue({ redis, retentionMs: options.retentionMs, onError: jobError }),
    }),
    activityStore(options) {
      activityStore = createRedisActivityStore(redis, { ...options, onUnreadable, onDropped });
      return activityStore;
    },
    isUp: () => redis.isUp(),
    async close() {
      await activityStore?.close();
      await heartbeat.stop();
      await redis.close();
    },
  };
}
