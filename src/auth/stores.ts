import { type IRateLimiterOptions, type RateLimiterAbstract, RateLimiterMemory } from 'rate-limiter-flexible';
import { MemorySessionStore } from './memory-session-store.js';
import { createMemoryReplayCache, type ReplayCache } from './replay-cache.js';
import type { SessionStore } from './session-store.js';
import { createMemoryTokenStore, type TokenStore } from './token-store.js';

/** The stores of sessions, of their tokens, and of what limits sign-in. */
export interface Stores {
  readonly sessions: SessionStore;
  readonly tokens: TokenStore;
  readonly usedTransactions: ReplayCache;
  /** Creates a counter of requests. Its `consume` rejects with a `RateLimiterRes` above the limit. */
  readonly requestCounter: (options: IRateLimiterOptions) => RateLimiterAbstract;
}

/** Creates stores in the memory of this process. @param idleMs the idle timeout of a session */
export function createMemoryStores(idleMs: number): Stores {
  return {
    sessions: new MemorySessionStore(idleMs),
    tokens: createMemoryTokenStore(),
    usedTransactions: createMemoryReplayCache(),
    requestCounter: (options) => new RateLimiterMemory(options),
  };
}
