import { type Redis, redisKey } from './connection.js';

/** A replica that has not been heard of for so long is taken for dead. */
export const deadAfterMs = 15_000;

const beatEveryMs = 5_000;

/** What the others know a replica by. */
export interface Heartbeat {
  readonly id: string;
  /** From here on it counts as dead. */
  stop(): Promise<void>;
}

/** The key that lives as long as a replica does. */
export const heartbeatKey = (id: string): string => redisKey('replica', id);

/** Lets the others know that this replica lives, time and again. */
export function createHeartbeat(redis: Redis): Heartbeat {
  const id = crypto.randomUUID();
  // When Redis is away there is nobody to be heard by.
  const beat = () =>
    void redis
      .run((commands) => commands.set(heartbeatKey(id), '1', { expiration: { type: 'PX', value: deadAfterMs } }))
      .catch(() => undefined);
  redis.onConnected(beat);
  const timer = setInterval(beat, beatEveryMs).unref();
  return {
    id,
    async stop() {
      clearInterval(timer);
      await redis.run((commands) => commands.del(heartbeatKey(id))).catch(() => undefined);
    },
  };
}
