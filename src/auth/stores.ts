import { MemorySessionStore } from './memory-session-store.js';
import { createMemoryReplayCache, type ReplayCache } from './replay-cache.js';
import type { SessionStore } from './session-store.js';
import { createMemoryTokenStore, type TokenStore } from './token-store.js';

/** The stores of sessions, of their tokens, and of used sign-in transactions. */
export interface Stores {
  readonly sessions: SessionStore;
  readonly tokens: TokenStore;
  readonly usedTransactions: ReplayCache;
}

/** Creates stores in the memory of this process. @param idleMs the idle timeout of a session */
export function createMemoryStores(idleMs: number): Stores {
  return {
    sessions: new MemorySessionStore(idleMs),
    tokens: createMemoryTokenStore(),
    usedTransactions: createMemoryReplayCache(),
  };
}
