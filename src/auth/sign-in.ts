import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { readClientCertificate } from '../client-certificate.js';
import type { Config } from '../config.js';
import { graphScope } from '../graph/tokens/credential.js';
import { requiredPermission } from '../graph/tokens/permissions.js';
import type { OutboundFetch } from '../outbound/outbound.js';
import type { ClientRegistration } from './client-registration.js';
import { type Authenticate, localOperator, sessionAuthenticator } from './principal.js';
import { createProvider, type ProviderOptions } from './provider.js';
import { ProviderUnavailable } from './provider-errors.js';
import { createRoleCheck, type RoleCheck } from './role-check.js';
import { createSessions } from './sessions.js';
import { describeSignInCause } from './sign-in-causes.js';
import { type SignInFailure, type SignInParts, signInRoutes } from './sign-in-routes.js';
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
  /** The tokens of a session; `undefined` if calls use the tokens of the service. */
  readonly tokensOf?: TokenVault['tokensOf'] | undefined;
  /** Whether the user of a session may write; `undefined` without sign-in. */
  readonly writeAccess?: RoleCheck['writeAccess'] | undefined;
  /** Requests the provider's metadata, and logs what is wrong. Never rejects. `undefined` without sign-in. */
  readonly checkProvider: (() => Promise<void>) | undefined;
}

/** The dependencies of {@link createSignIn}. */
export interface SignInDeps extends Pick<SignInParts, 'originOf' | 'requireSameOrigin' | 'audit' | 'observeSignIn'> {
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
  if (config.SIGN_IN === 'off') {
    return { sessions: undefined, routes: undefined, authenticate: localOperator, checkProvider: undefined };
  }
  const { secrets, log, originOf, requireSameOrigin, audit, observeSignIn } = deps;
  const secure = config.PUBLIC_URL?.protocol === 'https:';
  const stores = deps.createStores(config.SESSION_IDLE_MINUTES * 60_000);
  const { sessions: store, tokens: tokenStore, usedTransactions, requestCounter } = stores;
  const options = { ...providerOptions(config, deps.simulatedRegistration), fetch: deps.fetch };
  const provider = createProvider(options);
  const sessions = createSessions({ store, secrets, secure });
  const roleNames = { reader: config.ROLE_READER, operator: config.ROLE_OPERATOR };
  const maxSessionMs = config.SESSION_MAX_HOURS * 3_600_000;
  const endSession = (id: string) => sessions.endById(id);
  const roleCheck = createRoleCheck({
    store,
    vault: () => vault,
    roleNames,
    maxAgeMs: config.SESSION_ROLES_MINUTES * 60_000,
    maxSessionMs,
    endSession,
    log,
  });
  const vault = createTokenVault({
    store: tokenStore,
    provider,
    log,
    onProviderUnavailable: (error) => logFailure(log, 'token refresh failed', causeOf(error)),
    observeRefresh: deps.observeRefresh,
    onClaims: (id, claims) => roleCheck.apply(id, claims),
    isSessionLive: (id) => store.isLive(id),
    endSession,
  });
  deleteTokensWithSession(store, vault, log);
  const routes = signInRoutes({
    issuer: options.issuer,
    provider,
    sessions,
    store,
    transactions: createTransactions(secrets, secure, usedTransactions),
    requestCounter,
    vault,
    roleNames,
    maxSessionMs,
    originOf,
    requireSameOrigin,
    audit,
    onFailure: (failure) => logFailure(log, 'sign-in failed', failure),
    observeSignIn,
  });
  const usesOwnTokens = config.GRAPH_CREDENTIAL === 'signed-in-user';
  return {
    sessions: sessions.middleware,
    routes,
    authenticate: sessionAuthenticator({ sessions, store, vault, roleCheck, usesOwnTokens }),
    writeAccess: (sessionId) => roleCheck.writeAccess(sessionId),
    tokensOf: usesOwnTokens ? (sessionId) => vault.tokensOf(sessionId) : undefined,
    async checkProvider() {
      try {
        await provider.discover();
      } catch (error) {
        if (error instanceof ProviderUnavailable) logFailure(log, 'sign-in is unavailable', causeOf(error));
        else log.error({ err: error }, 'sign-in is unavailable');
      }
    },
  };
}

/** The secrets of `SESSION_SECRET`, or one random secret where it is not set. */
export function sessionSecrets({ SESSION_SECRET }: Config): readonly string[] {
  return SESSION_SECRET?.map((secret) => secret.reveal()) ?? [randomBytes(32).toString('base64url')];
}

/** The registration of this service at its provider. @param simulated used where `OIDC_ISSUER` is not set */
export function providerOptions(
  config: Config,
  simulated: ClientRegistration | undefined,
): Omit<ProviderOptions, 'fetch'> {
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
    certificate:
      config.OIDC_CLIENT_CERTIFICATE_PATH === undefined
        ? undefined
        : readClientCertificate(config.OIDC_CLIENT_CERTIFICATE_PATH),
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

function causeOf({ signInCause: cause, code, detail }: ProviderUnavailable): Omit<SignInFailure, 'requestId'> {
  return { cause, code, detail };
}

/** Logs what failed and why, at a level that says who must act: see {@link describeSignInCause}. */
function logFailure(log: Logger, what: string, failure: Partial<SignInFailure> & Pick<SignInFailure, 'cause'>): void {
  const { level, text } = describeSignInCause(failure.cause);
  log[level](failure, `${what}: ${text}`);
}
