import { MemorySessionStore } from './memory-session-store.js';
import type { SessionStore } from './session-store.js';
import { createMemoryTokenStore, type TokenStore } from './token-store.js';

/** Where what is known of those who are signed in is kept. */
export interface Stores {
  readonly sessions: SessionStore;
  readonly tokens: TokenStore;
}

/** In this process's memory. @param idleMs how long a session lasts without anybody being active */
export function createMemoryStores(idleMs: number): Stores {
  return { sessions: new MemorySessionStore(idleMs), tokens: createMemoryTokenStore() };
}
