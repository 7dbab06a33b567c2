import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { TokenStore } from '../auth/token-store.js';
import type { Redis } from './connection.js';
import { withLease } from './lease.js';
import { createSealedValues } from './sealed-values.js';

const oidcTokens = z.object({
  accessToken: z.string(),
  expiresAt: z.number(),
  refreshToken: z
    .string()
    .optional()
    .transform((token) => token),
  subject: z
    .string()
    .optional()
    .transform((subject) => subject),
});

/** Renewed tokens are kept trying for so long: the ones before them are used up. */
const persistMs = 30_000;

const persistEveryMs = 500;

/** In Redis, sealed: shared by all replicas, and gone with their session, however that ends. */
export function createRedisTokenStore(
  redis: Redis,
  secrets: readonly string[],
  whenUnreadable: () => void,
): TokenStore {
  const tokensOf = createSealedValues(redis, secrets, 'tokens', whenUnreadable);
  const claimsOf = createSealedValues(redis, secrets, 'claims', whenUnreadable);
  return {
    async get(sessionId) {
      const text = await tokensOf.get(sessionId);
      return text === null ? undefined : oidcTokens.parse(JSON.parse(text));
    },
    put: (sessionId, tokens, lifetimeMs) => tokensOf.set(sessionId, JSON.stringify(tokens), lifetimeMs),
    async replace(sessionId, tokens) {
      const giveUpAt = performance.now() + persistMs;
      for (;;) {
        try {
          return await tokensOf.replace(sessionId, JSON.stringify(tokens));
        } catch (error) {
          if (performance.now() > giveUpAt) throw error;
          await sleep(persistEveryMs);
        }
      }
    },
    extend: (sessionId, lifetimeMs) => tokensOf.extend(sessionId, lifetimeMs),
    async drop(sessionId) {
      await Promise.all([tokensOf.remove(sessionId), claimsOf.remove(sessionId)]);
    },
    claims: async (sessionId) => (await claimsOf.get(sessionId)) ?? undefined,
    putClaims: (sessionId, claims, lifetimeMs) => claimsOf.set(sessionId, claims, lifetimeMs),
    withSessionLock: (sessionId, work) => withLease(redis, `refresh:${sessionId}`, work),
  };
}
