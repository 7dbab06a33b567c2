import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { graphScope } from '../graph/tokens/credential.js';
import { requiredPermission } from '../graph/tokens/permissions.js';
import type { OutboundFetch } from '../outbound/outbound.js';
import type { ClientRegistration } from './client-registration.js';
import { type Authenticate, localOperator, sessionAuthenticator } from './principal.js';
import { createProvider, type ProviderOptions } from './provider.js';
import type { ProviderUnavailable } from './provider-errors.js';
import { createSessions } from './sessions.js';
import { type SignInParts, signInRoutes } from './sign-in-routes.js';
import type { Stores } from './stores.js';
import { createTransactions } from './transaction.js';
import { createTokenVault, type TokenVault } from './vault.js';

/** How callers authenticate. */
export interface SignIn {
  /** Reads the session of a request; `undefined` without sign-in. */
  readonly sessions: RequestHandler | undefined;
  /** The routes below `/auth`; `undefined` without sign-in. */
  readonly routes: RequestHandler | undefined;
  readonly authenticate: Authenticate;
}

/** The dependencies of {@link createSignIn}. */
export interface SignInDeps extends Pick<SignInParts, 'originOf' | 'requireSameOrigin' | 'audit'> {
  /** The registration at the simulator's identity provider, used where `OIDC_ISSUER` is not set. */
  readonly simulatedRegistration: ClientRegistration | undefined;
  /** The secrets that sign cookies; the first one signs, all of them verify. */
  readonly secrets: readonly string[];
  /** Creates the stores. @param idleMs the idle timeout of a session */
  readonly createStores: (idleMs: number) => Stores;
  /** Called after each attempt to refresh a user's access token. */
  readonly observeRefresh: (ok: boolean) => void;
  /** For requests to the identity provider. */
  readonly fetch: OutboundFetch;
  readonly log: Logger;
}

/** Creates the sign-in that the settings select: an OpenID provider, or one local operator without sign-in. */
export function createSignIn(config: Config, deps: SignInDeps): SignIn {
  if (config.SIGN_IN === 'off') return { sessions: undefined, routes: undefined, authenticate: localOperator };
  const { secrets, log, originOf, requireSameOrigin, audit } = deps;
  const secure = config.PUBLIC_URL?.protocol === 'https:';
  const stores = deps.createStores(config.SESSION_IDLE_MINUTES * 60_000);
  const { sessions: store, tokens: tokenStore, usedTransactions, requestCounter } = stores;
  const onProviderUnavailable = (error: ProviderUnavailable) => logProviderUnavailable(log, error);
  const options = { ...providerOptions(config, deps.simulatedRegistration), fetch: deps.fetch };
  const provider = createProvider(options);
  const sessions = createSessions({ store, secrets, secure });
  let vault: TokenVault | undefined;
  if (config.GRAPH_CREDENTIAL === 'signed-in-user') {
    vault = createTokenVault({
      store: tokenStore,
      provider,
      log,
      onProviderUnavailable,
      observeRefresh: deps.observeRefresh,
      isSessionLive: (id) => store.isLive(id),
      endSession: (id) => sessions.endById(id),
    });
    deleteTokensWithSession(store, vault, log);
  }
  const routes = signInRoutes({
    issuer: options.issuer,
    provider,
    sessions,
    store,
    transactions: createTransactions(secrets, secure, usedTransactions),
    requestCounter,
    vault,
    roleNames: { reader: config.ROLE_READER, operator: config.ROLE_OPERATOR },
    maxSessionMs: config.SESSION_MAX_HOURS * 3_600_000,
    originOf,
    requireSameOrigin,
    audit,
    onProviderUnavailable,
  });
  return { sessions: sessions.middleware, routes, authenticate: sessionAuthenticator(sessions, store, vault) };
}

/** The secrets of `SESSION_SECRET`, or one random secret where it is not set. */
export function sessionSecrets({ SESSION_SECRET }: Config): readonly string[] {
  return SESSION_SECRET?.map((secret) => secret.reveal()) ?? [randomBytes(32).toString('base64url')];
}

function providerOptions(config: Config, simulated: ClientRegistration | undefined): Omit<ProviderOptions, 'fetch'> {
  const issuer = config.OIDC_ISSUER ?? simulated?.issuer;
  if (issuer === undefined) throw new TypeError('no identity provider is configured');
  const scopes = ['openid', 'profile', 'offline_access'];
  if (config.GRAPH_CREDENTIAL === 'signed-in-user') {
    scopes.push(graphScope(config.GRAPH_BASE_URL, requiredPermission));
  }
  return {
    issuer,
    clientId: config.OIDC_CLIENT_ID ?? simulated?.clientId ?? '',
    clientSecret: config.OIDC_CLIENT_SECRET?.reveal() ?? simulated?.clientSecret,
    certificatePath: config.OIDC_CLIENT_CERTIFICATE_PATH,
    scope: config.OIDC_SCOPE ?? scopes.join(' '),
  };
}

function deleteTokensWithSession(store: Stores['sessions'], vault: TokenVault, log: Logger): void {
  store.on('ended', (id: string) => {
    vault
      .delete(id)
      .catch((error: unknown) => log.warn({ err: error }, 'the tokens of an ended session remain stored'));
  });
}

/**
 * Logs an outage as a warning, since it needs no action, and a rejected client credential as an error, since an
 * operator must renew it.
 */
function logProviderUnavailable(log: Logger, error: ProviderUnavailable): void {
  if (error.clientRejected)
    log.error('the identity provider rejects the client credential (OIDC_CLIENT_*): an operator must renew it');
  else log.warn('the identity provider is unavailable');
}
