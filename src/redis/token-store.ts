import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { OidcTokens } from '../auth/provider.js';
import type { TokenStore } from '../auth/token-store.js';
import { toLocalTime, toRedisTime } from './clock.js';
import type { Redis } from './connection.js';
import { withLease } from './lease.js';
import { createRecentReads, maxReadAgeMs } from './recent-reads.js';
import { createSealedValues } from './sealed-values.js';
import { endedChannel } from './session-store.js';

const storedTokens = z.object({
  accessToken: z.string(),
  expiresAt: z.number(),
  refreshToken: z.string().optional(),
  subject: z.string().optional(),
});

/** How long to retry storing refreshed tokens: the previous refresh token is already used. */
const replaceTimeoutMs = 30_000;

const retryEveryMs = 500;

/**
 * Creates a store of sealed tokens in Redis, shared by all replicas. Tokens expire with their session.
 *
 * @param secrets the first one seals; all of them open
 * @param onUnreadable called for each value that cannot be opened, which counts as none
 */
export function createRedisTokenStore(redis: Redis, secrets: readonly string[], onUnreadable: () => void): TokenStore {
  const tokenValues = createSealedValues(redis, secrets, 'tokens', onUnreadable);
  const claimsValues = createSealedValues(redis, secrets, 'claims', onUnreadable);
  const serialize = (tokens: OidcTokens) =>
    JSON.stringify({ ...tokens, expiresAt: toRedisTime(redis, tokens.expiresAt) });
  // A call extends its session when it starts, and needs the tokens soon after.
  const reads = createRecentReads<Promise<string | null>>();
  redis.subscribe(endedChannel, (sessionId) => reads.remove(sessionId));
  return {
    async get(sessionId) {
      const text = await (reads.get(sessionId, maxReadAgeMs) ?? tokenValues.get(sessionId));
      if (text === null) return undefined;
      const { accessToken, expiresAt, refreshToken, subject } = storedTokens.parse(JSON.parse(text));
      return { accessToken, expiresAt: toLocalTime(redis, expiresAt), refreshToken, subject };
    },
    async put(sessionId, tokens, lifetimeMs) {
      reads.remove(sessionId);
      await tokenValues.set(sessionId, serialize(tokens), lifetimeMs);
    },
    async replace(sessionId, tokens) {
      reads.remove(sessionId);
      const timeoutAt = performance.now() + replaceTimeoutMs;
      for (;;) {
        try {
          return await tokenValues.replace(sessionId, serialize(tokens));
        } catch (error) {
          if (performance.now() > timeoutAt) throw error;
          await sleep(retryEveryMs);
        }
      }
    },
    // The call does not wait for the reply: see `RedisSessionStore.extend`.
    async extend(sessionId, lifetimeMs) {
      const read = tokenValues.getAndExtend(sessionId, lifetimeMs);
      read.catch(() => undefined);
      reads.add(sessionId, read);
    },
    async delete(sessionId) {
      reads.remove(sessionId);
      await Promise.all([tokenValues.delete(sessionId), claimsValues.delete(sessionId)]);
    },
    claims: async (sessionId) => (await claimsValues.get(sessionId)) ?? undefined,
    putClaims: (sessionId, claims, lifetimeMs) => claimsValues.set(sessionId, claims, lifetimeMs),
    withSessionLock: (sessionId, work) =>
      withLease(redis, `refresh:${sessionId}`, () => {
        // Another replica may have replaced the tokens before it released the lock.
        reads.remove(sessionId);
        return work();
      }),
  };
}
