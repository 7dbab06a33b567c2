import type { Logger } from 'pino';
import { GraphError } from '../graph/errors.js';
import { inTime, type TokenSource } from '../graph/tokens.js';
import { type OidcTokens, type Provider, ProviderRefusal, ProviderUnavailable } from './provider.js';

/** Tokens of those who are signed in, by session. They leave it for Graph and the provider, and for nowhere else. */
export interface TokenVault {
  put(sessionId: string, tokens: OidcTokens): void;
  drop(sessionId: string): void;
  /** The tokens of one session, refreshed in time by one caller, however many ask. */
  tokensOf(sessionId: string): TokenSource;
  /** The claims that Graph asked of this session's next sign-in, as JSON text. */
  claimsFor(sessionId: string): string | undefined;
}

/** What {@link createTokenVault} needs. */
export interface VaultOptions {
  readonly provider: Provider;
  readonly log: Logger;
  /** Told when the provider can't be used. */
  readonly alarm: (error: ProviderUnavailable) => void;
  /** Ends a session whose tokens the provider will not renew. */
  readonly endSession: (sessionId: string) => Promise<void>;
}

interface Entry {
  tokens: OidcTokens;
  refreshing?: Promise<OidcTokens> | undefined;
  claims?: string | undefined;
}

/** What a provider says when nothing but another sign-in helps. */
const final = new Set([
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'no_refresh_token',
  'subject_changed',
]);

/** A token is renewed this long before it ends. */
const renewBeforeMs = 60_000;

/** Keeps tokens in this process's memory, as long as their sessions last. */
export function createTokenVault({ provider, log, alarm, endSession }: VaultOptions): TokenVault {
  const entries = new Map<string, Entry>();

  async function renew(sessionId: string, entry: Entry): Promise<OidcTokens> {
    const { refreshToken } = entry.tokens;
    try {
      if (refreshToken === undefined) throw new ProviderRefusal('no_refresh_token', undefined);
      const tokens = await provider.refresh(refreshToken);
      const { subject = tokens.subject } = entry.tokens;
      if ((tokens.subject ?? subject) !== subject) throw new ProviderRefusal('subject_changed', undefined);
      entry.tokens = { ...tokens, subject };
      return entry.tokens;
    } catch (error) {
      if (error instanceof ProviderRefusal && final.has(error.code)) {
        log.info({ code: error.code }, 'the identity provider renews a session no more: it ends');
        await endSession(sessionId);
        throw new GraphError('SIGN_IN_REQUIRED', { cause: error });
      }
      if (error instanceof ProviderUnavailable) alarm(error);
      else
        log.warn({ code: error instanceof ProviderRefusal ? error.code : undefined }, 'a token could not be renewed');
      throw new GraphError('CREDENTIAL_UNAVAILABLE', { cause: error });
    }
  }

  return {
    put: (sessionId, tokens) => void entries.set(sessionId, { tokens }),
    drop: (sessionId) => void entries.delete(sessionId),
    claimsFor: (sessionId) => entries.get(sessionId)?.claims,
    tokensOf: (sessionId) => ({
      whenRefused: 'SIGN_IN_REQUIRED',
      async get(request) {
        const { claims, refused } = request;
        const entry = entries.get(sessionId);
        if (entry === undefined) throw new GraphError('SIGN_IN_REQUIRED');
        if (claims !== undefined) {
          entry.claims = claims;
          throw new GraphError('SIGN_IN_REQUIRED');
        }
        const { accessToken, expiresAt } = entry.tokens;
        if (accessToken !== refused && expiresAt - renewBeforeMs > Date.now()) return accessToken;
        entry.refreshing ??= renew(sessionId, entry).finally(() => {
          entry.refreshing = undefined;
        });
        const renewed = await inTime(entry.refreshing, request.signal);
        // The session can have ended while the provider took its time.
        if (entries.get(sessionId) !== entry) throw new GraphError('SIGN_IN_REQUIRED');
        return renewed.accessToken;
      },
    }),
  };
}
