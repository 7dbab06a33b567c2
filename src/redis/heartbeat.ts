import type { Redis } from './connection.js';
import { redisKey } from './keys.js';

/** A replica without a heartbeat for this long counts as dead. */
export const heartbeatTimeoutMs = 9_000;

const heartbeatEveryMs = 3_000;

/** Keeps this replica's key in Redis alive. */
export interface Heartbeat {
  /** The id of this replica. */
  readonly id: string;
  /** Removes the key: the replica counts as dead immediately. */
  stop(): Promise<void>;
}

/** The key that exists while a replica is alive. */
export const heartbeatKey = (id: string): string => redisKey('replica', id);

/** Starts the heartbeat of this replica, under a new id. */
export function startHeartbeat(redis: Redis): Heartbeat {
  const id = crypto.randomUUID();
  const beat = () =>
    void redis
      .run((commands) => commands.set(heartbeatKey(id), '1', { expiration: { type: 'PX', value: heartbeatTimeoutMs } }))
      // While Redis is unavailable, the other replicas cannot read the heartbeat either.
      .catch(() => undefined);
  redis.onConnected(beat);
  const timer = setInterval(() => {
    beat();
    // Reports an outage or its end, also where nothing asks whether the service is ready.
    void redis.isUp();
  }, heartbeatEveryMs).unref();
  return {
    id,
    async stop() {
      clearInterval(timer);
      await redis.run((commands) => commands.del(heartbeatKey(id))).catch(() => undefined);
    },
  };
}
