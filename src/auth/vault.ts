import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import { waitForToken } from '../graph/tokens/credential-token-source.js';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { OidcTokens, Provider, RefreshGrant } from './provider.js';
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
  /**
   * Refreshes the tokens of a session under its lock.
   *
   * @param isDone whether another caller has refreshed them while this one waited for the lock
   * @throws {CallError} `SIGN_IN_REQUIRED` when the session has ended, `CREDENTIAL_UNAVAILABLE` without the provider
   */
  refresh(sessionId: string, isDone: (stored: OidcTokens) => boolean | Promise<boolean>): Promise<OidcTokens>;
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
  /** Called with the claims of each new ID token, under the lock of the session. */
  readonly onClaims: (sessionId: string, claims: NonNullable<RefreshGrant['claims']>) => Promise<void>;
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

/**
 * Creates a vault, which returns access tokens while they are valid and refreshes them under the lock of their session.
 */
export function createTokenVault(options: VaultOptions): TokenVault {
  const { store, provider, log, onProviderUnavailable, observeRefresh, onClaims, isSessionLive, endSession } = options;
  const pendingRefreshes = new Map<string, Promise<OidcTokens>>();

  async function requestTokens({ refreshToken, subject }: OidcTokens): Promise<RefreshGrant> {
    if (refreshToken === undefined) throw new ProviderRejection('no_refresh_token', undefined);
    const { claims, tokens } = await provider.refresh(refreshToken);
    const expected = subject ?? tokens.subject;
    if ((tokens.subject ?? expected) !== expected) throw new ProviderRejection('subject_changed', undefined);
    return { claims, tokens: { ...tokens, subject: expected } };
  }

  const refresh: TokenVault['refresh'] = (sessionId, isDone) =>
    store.withSessionLock(sessionId, async () => {
      const stored = await store.get(sessionId);
      if (stored === undefined) throw new CallError('SIGN_IN_REQUIRED');
      if (await isDone(stored)) return stored;
      const granted = await requestTokens(stored).catch((error: unknown) => throwRefreshError(sessionId, error));
      const { claims, tokens } = granted;
      observeRefresh(true);
      const isReplaced = await store.replace(sessionId, tokens);
      if (isReplaced && claims !== undefined) await onClaims(sessionId, claims);
      // The tokens of a session are deleted after it has ended, which may not be done yet.
      if (!isReplaced || !(await isSessionLive(sessionId))) throw new CallError('SIGN_IN_REQUIRED');
      return tokens;
    });

  async function throwRefreshError(sessionId: string, error: unknown): Promise<never> {
    observeRefresh(false);
    if (error instanceof ProviderRejection) {
      const { reason, code } = error;
      if (permanentErrors.has(reason)) {
        log.info({ reason, code }, 'the identity provider no longer refreshes the token of a session: session ended');
        await endSession(sessionId);
        throw new CallError('SIGN_IN_REQUIRED', { cause: error });
      }
      log.warn({ reason, code }, 'token refresh failed');
    } else if (error instanceof ProviderUnavailable) onProviderUnavailable(error);
    else log.warn({ err: error }, 'token refresh failed');
    throw new CallError('CREDENTIAL_UNAVAILABLE', { cause: error });
  }

  return {
    put: (sessionId, tokens, lifetimeMs) => store.put(sessionId, tokens, lifetimeMs),
    extend: (sessionId, lifetimeMs) => store.extend(sessionId, lifetimeMs),
    delete: (sessionId) => store.delete(sessionId),
    claimsFor: (sessionId) => store.claims(sessionId),
    refresh,
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
          refresh(sessionId, (current) => current.accessToken !== accessToken).finally(() =>
            pendingRefreshes.delete(sessionId),
          );
        pendingRefreshes.set(sessionId, pending);
        return (await waitForToken(pending, signal)).accessToken;
      },
    }),
  };
}
