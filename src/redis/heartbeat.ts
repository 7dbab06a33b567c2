import { nameOf, type Redis } from './connection.js';

/** A replica that has not been heard of for so long is taken for dead. */
export const deadAfterMs = 15_000;

const beatEveryMs = 5_000;

/** What the others know a replica by. */
export interface Replica {
  readonly id: string;
  /** From here on it counts as dead. */
  leave(): Promise<void>;
}

/** The key that lives as long as a replica does. */
export const aliveKey = (id: string): string => nameOf('replica', id);

/** Lets the others know that this replica lives, time and again. */
export function createReplica(redis: Redis): Replica {
  const id = crypto.randomUUID();
  // When Redis is away there is nobody to be heard by.
  const beat = () =>
    void redis
      .run((commands) => commands.set(aliveKey(id), '1', { expiration: { type: 'PX', value: deadAfterMs } }))
      .catch(() => undefined);
  redis.whenConnected(beat);
  const timer = setInterval(beat, beatEveryMs).unref();
  return {
    id,
    async leave() {
      clearInterval(timer);
      await redis.run((commands) => commands.del(aliveKey(id))).catch(() => undefined);
    },
  };
}
