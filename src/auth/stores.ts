import { MemorySessionStore } from './memory-session-store.js';
import type { SessionStore } from './session-store.js';
import { createMemoryTokenStore, type TokenStore } from './token-store.js';

/** The stores of sessions and of their tokens. */
export interface Stores {
  readonly sessions: SessionStore;
  readonly tokens: TokenStore;
}

/** Creates stores in the memory of this process. @param idleMs the idle timeout of a session */
export function createMemoryStores(idleMs: number): Stores {
  return { sessions: new MemorySessionStore(idleMs), tokens: createMemoryTokenStore() };
}
