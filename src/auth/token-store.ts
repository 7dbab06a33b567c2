import type { OidcTokens } from './provider.js';

/** Stores the tokens of sessions, and the claims that Graph requires of their next sign-in. */
export interface TokenStore {
  get(sessionId: string): Promise<OidcTokens | undefined>;
  put(sessionId: string, tokens: OidcTokens, lifetimeMs: number): Promise<void>;
  /** Replaces existing tokens. Resolves to `false`, and stores nothing, when there are none: the session has ended. */
  replace(sessionId: string, tokens: OidcTokens): Promise<boolean>;
  /** Makes the tokens expire `lifetimeMs` from now. */
  extend(sessionId: string, lifetimeMs: number): Promise<void>;
  /** Deletes the tokens and the claims of a session. */
  delete(sessionId: string): Promise<void>;
  /** The claims, as JSON text. */
  claims(sessionId: string): Promise<string | undefined>;
  putClaims(sessionId: string, claims: string, lifetimeMs: number): Promise<void>;
  /** Runs `work` under the lock of the session, which one caller of all processes holds at a time. */
  withSessionLock<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
}

interface Entry {
  tokens: OidcTokens;
  claims?: string;
}

/** Creates a store in the memory of this process. Entries do not expire: they are deleted with their session. */
export function createMemoryTokenStore(): TokenStore {
  const entries = new Map<string, Entry>();
  /** Resolves when the last caller in the queue of a session has released its lock. */
  const locks = new Map<string, Promise<void>>();
  return {
    get: async (sessionId) => entries.get(sessionId)?.tokens,
    put: async (sessionId, tokens) => void entries.set(sessionId, { tokens }),
    async replace(sessionId, tokens) {
      const entry = entries.get(sessionId);
      if (entry !== undefined) entry.tokens = tokens;
      return entry !== undefined;
    },
    extend: async () => undefined,
    delete: async (sessionId) => void entries.delete(sessionId),
    claims: async (sessionId) => entries.get(sessionId)?.claims,
    async putClaims(sessionId, claims) {
      const entry = entries.get(sessionId);
      if (entry !== undefined) entry.claims = claims;
    },
    async withSessionLock(sessionId, work) {
      const previous = locks.get(sessionId);
      let release: (() => void) | undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      locks.set(sessionId, released);
      await previous;
      try {
        return await work();
      } finally {
        if (locks.get(sessionId) === released) locks.delete(sessionId);
        release?.();
      }
    },
  };
}
