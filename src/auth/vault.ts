import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import { waitForToken } from '../graph/tokens/credential-token-source.js';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { OidcTokens, Provider } from './provider.js';
import { ProviderRejection, ProviderUnavailable } from './provider-errors.js';
import type { TokenStore } from './token-store.js';

/** The tokens of signed-in users, by session. They are sent to Graph and to the provider only. */
export interface TokenVault {
  put(sessionId: string, tokens: OidcTokens, lifetimeMs: number): Promise<void>;
  /** Makes the tokens expire `lifetimeMs` from now, as their session does. */
  extend(sessionId: string, lifetimeMs: number): Promise<void>;
  delete(sessionId: string): Promise<void>;
  /** The access tokens of one session. Concurrent callers share one refresh, across all replicas. */
  tokensOf(sessionId: string): TokenSource;
  /** The claims that Graph requires of the next sign-in of this session, as JSON text. */
  claimsFor(sessionId: string): Promise<string | undefined>;
}

/** The options of {@link createTokenVault}. */
export interface VaultOptions {
  readonly store: TokenStore;
  readonly provider: Provider;
  readonly log: Logger;
  /** Called when a refresh fails because the provider is unavailable. */
  readonly onProviderUnavailable: (error: ProviderUnavailable) => void;
  /** Called after each refresh. */
  readonly observeRefresh: (ok: boolean) => void;
  /** Whether a session has not ended. */
  readonly isSessionLive: (sessionId: string) => Promise<boolean>;
  /** Ends a session whose tokens can no longer be refreshed. */
  readonly endSession: (sessionId: string) => Promise<void>;
}

/** Errors after which only another sign-in helps. */
const permanentErrors = new Set([
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'no_refresh_token',
  'subject_changed',
]);

/** How long before its expiry an access token is refreshed. */
const refreshBeforeMs = 60_000;

/** How long the claims for the next sign-in are kept. */
const claimsLifetimeMs = 3_600_000;

/** Creates a vault, which returns access tokens while they are valid and refreshes them under the lock of their session. */
export function createTokenVault(options: VaultOptions): TokenVault {
  const { store, provider, log, onProviderUnavailable, observeRefresh, isSessionLive, endSession } = options;
  const pendingRefreshes = new Map<string, Promise<OidcTokens>>();

  async function requestTokens({ refreshToken, subject }: OidcTokens): Promise<OidcTokens> {
    if (refreshToken === undefined) throw new ProviderRejection('no_refresh_token', undefined);
    const tokens = await provider.refresh(refreshToken);
    const expected = subject ?? tokens.subject;
    if ((tokens.subject ?? expected) !== expected) throw new ProviderRejection('subject_changed', undefined);
    return { ...tokens, subject: expected };
  }

  function refresh(sessionId: string, staleToken: string): Promise<OidcTokens> {
    return store.withSessionLock(sessionId, async () => {
      // Another replica may have refreshed the token, or ended the session, while this one waited for the lock.
      const stored = await store.get(sessionId);
      if (stored === undefined) throw new CallError('SIGN_IN_REQUIRED');
      if (stored.accessToken !== staleToken) return stored;
      const tokens = await requestTokens(stored).catch((error: unknown) => throwRefreshError(sessionId, error));
      observeRefresh(true);
      const isReplaced = await store.replace(sessionId, tokens);
      // The tokens of a session are deleted after it has ended, which may not be done yet.
      if (!isReplaced || !(await isSessionLive(sessionId))) throw new CallError('SIGN_IN_REQUIRED');
      return tokens;
    });
  }

  async function throwRefreshError(sessionId: string, error: unknown): Promise<never> {
    observeRefresh(false);
    const code = error instanceof ProviderRejection ? error.code : undefined;
    if (code !== undefined && permanentErrors.has(code)) {
      log.info({ code }, 'the identity provider no longer refreshes the token of a session: session ended');
      await endSession(sessionId);
      throw new CallError('SIGN_IN_REQUIRED', { cause: error });
    }
    if (error instanceof ProviderUnavailable) onProviderUnavailable(error);
    else log.warn({ code }, 'token refresh failed');
    throw new CallError('CREDENTIAL_UNAVAILABLE', { cause: error });
  }

  return {
    put: (sessionId, tokens, lifetimeMs) => store.put(sessionId, tokens, lifetimeMs),
    extend: (sessionId, lifetimeMs) => store.extend(sessionId, lifetimeMs),
    delete: (sessionId) => store.delete(sessionId),
    claimsFor: (sessionId) => store.claims(sessionId),
    tokensOf: (sessionId) => ({
      rejectionReason: 'SIGN_IN_REQUIRED',
      async get({ claims, rejectedToken, signal }) {
        const stored = await store.get(sessionId);
        if (stored === undefined) throw new CallError('SIGN_IN_REQUIRED');
        if (claims !== undefined) {
          await store.putClaims(sessionId, claims, claimsLifetimeMs);
          throw new CallError('SIGN_IN_REQUIRED');
        }
        const { accessToken, expiresAt } = stored;
        if (accessToken !== rejectedToken && expiresAt - refreshBeforeMs > Date.now()) return accessToken;
        const pending =
          pendingRefreshes.get(sessionId) ??
          refresh(sessionId, accessToken).finally(() => pendingRefreshes.delete(sessionId));
        pendingRefreshes.set(sessionId, pending);
        return (await waitForToken(pending, signal)).accessToken;
      },
    }),
  };
}
