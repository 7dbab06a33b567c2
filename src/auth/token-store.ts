import type { OidcTokens } from './provider.js';

/** Keeps the tokens of sessions, and the claims that Graph asked of their next sign-ins. */
export interface TokenStore {
  get(sessionId: string): Promise<OidcTokens | undefined>;
  put(sessionId: string, tokens: OidcTokens, lifetimeMs: number): Promise<void>;
  /** Takes the place of those that are there. Tells whether there were any: a session may have ended meanwhile. */
  replace(sessionId: string, tokens: OidcTokens): Promise<boolean>;
  /** Keeps them for so much longer. */
  extend(sessionId: string, lifetimeMs: number): Promise<void>;
  drop(sessionId: string): Promise<void>;
  /** As JSON text. */
  claims(sessionId: string): Promise<string | undefined>;
  putClaims(sessionId: string, claims: string, lifetimeMs: number): Promise<void>;
  /** Does work for a session while nobody else does any for it. */
  withSessionLock<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
}

interface Entry {
  tokens: OidcTokens;
  claims?: string;
}

/** In this process's memory, until they are dropped. */
export function createMemoryTokenStore(): TokenStore {
  const entries = new Map<string, Entry>();
  return {
    get: async (sessionId) => entries.get(sessionId)?.tokens,
    put: async (sessionId, tokens) => void entries.set(sessionId, { tokens }),
    async replace(sessionId, tokens) {
      const entry = entries.get(sessionId);
      if (entry !== undefined) entry.tokens = tokens;
      return entry !== undefined;
    },
    // They go with their session.
    extend: async () => undefined,
    drop: async (sessionId) => void entries.delete(sessionId),
    claims: async (sessionId) => entries.get(sessionId)?.claims,
    async putClaims(sessionId, claims) {
      const entry = entries.get(sessionId);
      if (entry !== undefined) entry.claims = claims;
    },
    // Whoever shares the memory shares the vault's refresh, too.
    withSessionLock: (_sessionId, work) => work(),
  };
}
