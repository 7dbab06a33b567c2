import { createSealer } from '../seal.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';

/** Encrypted, authenticated texts in Redis. A value opens only under the key and purpose that it was sealed for. */
export interface SealedValues {
  /** Resolves to `null` when there is no value, or none that can be opened. */
  get(key: string): Promise<string | null>;
  set(key: string, text: string, lifetimeMs: number): Promise<void>;
  /** Replaces an existing value and keeps its expiry. Resolves to whether there was one. */
  replace(key: string, text: string): Promise<boolean>;
  /** Makes a value expire `lifetimeMs` from now. */
  extend(key: string, lifetimeMs: number): Promise<void>;
  /** Does both in one command. */
  getAndExtend(key: string, lifetimeMs: number): Promise<string | null>;
  has(key: string): Promise<boolean>;
  /** Resolves to whether there was a value. */
  delete(key: string): Promise<boolean>;
}

/**
 * Creates a store of sealed values.
 *
 * @param secrets the first one seals; all of them open
 * @param purpose a value sealed for one purpose cannot be opened for another
 * @param onUnreadable called for each value that cannot be opened
 */
export function createSealedValues(
  redis: Redis,
  secrets: readonly string[],
  purpose: string,
  onUnreadable: () => void,
): SealedValues {
  const sealer = createSealer(secrets, purpose);
  const name = (key: string) => redisKey(purpose, key);

  function open(key: string, sealed: string | null): string | null {
    const text = sealed === null ? null : (sealer.open(sealed, key) ?? null);
    if (sealed !== null && text === null) onUnreadable();
    return text;
  }

  return {
    get: async (key) => open(key, await redis.run((commands) => commands.get(name(key)))),
    async getAndExtend(key, lifetimeMs) {
      const expiration = { type: 'PX', value: Math.max(1, Math.ceil(lifetimeMs)) } as const;
      return open(key, await redis.run((commands) => commands.getEx(name(key), expiration)));
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
    delete: async (key) => (await redis.run((commands) => commands.del(name(key)))) === 1,
  };
}
