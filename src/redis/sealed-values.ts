import { createSealer } from '../seal.js';
import { type Redis, redisKey } from './connection.js';

/** Texts in Redis that nobody can read, make or put in another's place who doesn't have the secret. */
export interface SealedValues {
  /** `null` when there is none, or none that was sealed for this key. */
  get(key: string): Promise<string | null>;
  set(key: string, text: string, lifetimeMs: number): Promise<void>;
  /** Sets it only where there is one, and leaves its lifetime as it is. Tells whether there was one. */
  replace(key: string, text: string): Promise<boolean>;
  extend(key: string, lifetimeMs: number): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Tells whether there was one. */
  remove(key: string): Promise<boolean>;
}

/**
 * Seals what goes in, and opens what comes out.
 *
 * @param secrets the first one seals; all of them open
 * @param purpose values of one purpose can't take the place of another's
 * @param whenUnreadable told when there is a value that can't be opened: it counts as none
 */
export function createSealedValues(
  redis: Redis,
  secrets: readonly string[],
  purpose: string,
  whenUnreadable: () => void,
): SealedValues {
  const sealer = createSealer(secrets, purpose);
  const name = (key: string) => redisKey(purpose, key);
  return {
    async get(key) {
      const sealed = await redis.run((commands) => commands.get(name(key)));
      const text = sealed === null ? null : (sealer.open(sealed, key) ?? null);
      if (sealed !== null && text === null) whenUnreadable();
      return text;
    },
    async set(key, text, lifetimeMs) {
      const expiration = { type: 'PX', value: Math.ceil(lifetimeMs) } as const;
      await redis.run((commands) => commands.set(name(key), sealer.seal(text, key), { expiration }));
    },
    async replace(key, text) {
      const options = { condition: 'XX', expiration: 'KEEPTTL' } as const;
      return (await redis.run((commands) => commands.set(name(key), sealer.seal(text, key), options))) === 'OK';
    },
    async extend(key, lifetimeMs) {
      await redis.run((commands) => commands.pExpire(name(key), Math.ceil(lifetimeMs)));
    },
    has: async (key) => (await redis.run((commands) => commands.exists(name(key)))) === 1,
    remove: async (key) => (await redis.run((commands) => commands.del(name(key)))) === 1,
  };
}
