import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import { abortable, type TokenSource } from '../graph/tokens/token-source.js';
import { type OidcTokens, type Provider, ProviderRefusal, ProviderUnavailable } from './provider.js';
import type { TokenStore } from './token-store.js';

/** Tokens of those who are signed in, by session. They leave it for Graph and the provider, and for nowhere else. */
export interface TokenVault {
  put(sessionId: string, tokens: OidcTokens, lifetimeMs: number): Promise<void>;
  /** Keeps them as long as their session, which has been extended. */
  extend(sessionId: string, lifetimeMs: number): Promise<void>;
  drop(sessionId: string): Promise<void>;
  /** The tokens of one session, refreshed in time by one caller, however many ask. */
  tokensOf(sessionId: string): TokenSource;
  /** The claims that Graph asked of this session's next sign-in, as JSON text. */
  claimsFor(sessionId: string): Promise<string | undefined>;
}

/** What {@link createTokenVault} needs. */
export interface VaultOptions {
  readonly store: TokenStore;
  readonly provider: Provider;
  readonly log: Logger;
  /** Told when the provider can't be used. */
  readonly onProviderUnavailable: (error: ProviderUnavailable) => void;
  /** Told of each renewal. */
  readonly observe: ((ok: boolean) => void) | undefined;
  /** Ends a session whose tokens the provider will not renew. */
  readonly endSession: (sessionId: string) => Promise<void>;
}

/** What a provider says when nothing but another sign-in helps. */
const permanentErrors = new Set([
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'no_refresh_token',
  'subject_changed',
]);

/** A token is renewed this long before it ends. */
const renewBeforeMs = 60_000;

/** What Graph asks of a sign-in is remembered for so long. */
const claimsLifetimeMs = 3_600_000;

/** Hands out tokens while they are good, and has them renewed by one replica at a time. */
export function createTokenVault({
  store,
  provider,
  log,
  onProviderUnavailable: alarm,
  observe,
  endSession,
}: VaultOptions): TokenVault {
  const renewals = new Map<string, Promise<OidcTokens>>();

  async function refresh({ refreshToken, subject }: OidcTokens): Promise<OidcTokens> {
    if (refreshToken === undefined) throw new ProviderRefusal('no_refresh_token', undefined);
    const tokens = await provider.refresh(refreshToken);
    const same = subject ?? tokens.subject;
    if ((tokens.subject ?? same) !== same) throw new ProviderRefusal('subject_changed', undefined);
    return { ...tokens, subject: same };
  }

  /** @param stale the access token that is to be replaced */
  function renew(sessionId: string, stale: string): Promise<OidcTokens> {
    return store.withSessionLock(sessionId, async () => {
      // Others may have renewed it, or ended the session, while this one waited.
      const kept = await store.get(sessionId);
      if (kept === undefined) throw new CallError('SIGN_IN_REQUIRED');
      if (kept.accessToken !== stale) return kept;
      const tokens = await refresh(kept).catch((error: unknown) => refused(sessionId, error));
      observe?.(true);
      if (!(await store.replace(sessionId, tokens))) throw new CallError('SIGN_IN_REQUIRED');
      return tokens;
    });
  }

  async function refused(sessionId: string, error: unknown): Promise<never> {
    observe?.(false);
    if (error instanceof ProviderRefusal && permanentErrors.has(error.code)) {
      log.info({ code: error.code }, 'the identity provider renews a session no more: it ends');
      await endSession(sessionId);
      throw new CallError('SIGN_IN_REQUIRED', { cause: error });
    }
    if (error instanceof ProviderUnavailable) alarm(error);
    else log.warn({ code: error instanceof ProviderRefusal ? error.code : undefined }, 'a token could not be renewed');
    throw new CallError('CREDENTIAL_UNAVAILABLE', { cause: error });
  }

  return {
    put: (sessionId, tokens, lifetimeMs) => store.put(sessionId, tokens, lifetimeMs),
    extend: (sessionId, lifetimeMs) => store.extend(sessionId, lifetimeMs),
    drop: (sessionId) => store.drop(sessionId),
    claimsFor: (sessionId) => store.claims(sessionId),
    tokensOf: (sessionId) => ({
      rejectionReason: 'SIGN_IN_REQUIRED',
      async get({ claims, rejectedToken: stale, signal }) {
        const kept = await store.get(sessionId);
        if (kept === undefined) throw new CallError('SIGN_IN_REQUIRED');
        if (claims !== undefined) {
          await store.putClaims(sessionId, claims, claimsLifetimeMs);
          throw new CallError('SIGN_IN_REQUIRED');
        }
        const { accessToken, expiresAt } = kept;
        if (accessToken !== stale && expiresAt - renewBeforeMs > Date.now()) return accessToken;
        const renewal =
          renewals.get(sessionId) ?? renew(sessionId, accessToken).finally(() => renewals.delete(sessionId));
        renewals.set(sessionId, renewal);
        return (await abortable(renewal, signal)).accessToken;
      },
    }),
  };
}
