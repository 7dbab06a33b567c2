import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Authenticate } from './authenticate.js';
import { createProvider, type ProviderOptions, type ProviderUnavailable } from './provider.js';
import type { RoleNames } from './roles.js';
import { createSessions } from './sessions.js';
import { type SignInParts, sessionAuthenticator, signInRoutes } from './sign-in.js';
import type { Stores } from './stores.js';
import { createTransactions } from './transaction.js';
import { createTokenVault } from './vault.js';

/** What {@link createOidcSignIn} needs. */
export interface OidcSignInOptions extends Pick<SignInParts, 'originOf' | 'requireOwnSite' | 'audit'> {
  readonly provider: ProviderOptions;
  /** One or more, which sign cookies; the first one signs. */
  readonly secrets: readonly string[];
  /** Whether browsers come by https. */
  readonly secure: boolean;
  readonly maxSessionMs: number;
  readonly roleNames: RoleNames;
  /** Whether people's own tokens are kept, for calls to Graph. */
  readonly keepTokens: boolean;
  readonly stores: Stores;
  /** Told of each renewal of a person's token. */
  readonly observeRenewal: ((ok: boolean) => void) | undefined;
  readonly log: Logger;
}

/** Sign-in with an OpenID provider. */
export function createOidcSignIn(options: OidcSignInOptions): {
  readonly sessions: RequestHandler;
  readonly routes: RequestHandler;
  readonly authenticate: Authenticate;
} {
  const { log, secrets, secure, originOf, requireOwnSite, audit, maxSessionMs, roleNames } = options;
  const { sessions: store, tokens } = options.stores;
  const alarm = (error: ProviderUnavailable) => logProvider(log, error);
  const provider = createProvider(options.provider);
  const sessions = createSessions({ store, secrets, secure });
  const vault = options.keepTokens
    ? createTokenVault({
        observe: options.observeRenewal,
        store: tokens,
        provider,
        log,
        onProviderUnavailable: alarm,
        endSession: (id) => sessions.endById(id),
      })
    : undefined;
  // A session's tokens go with it, however it ends.
  store.on('ended', (id: string) => {
    vault
      ?.drop(id)
      .catch((error: unknown) => log.warn({ err: error }, 'tokens of an ended session could not be dropped'));
  });
  const routes = signInRoutes({
    issuer: options.provider.issuer,
    provider,
    sessions,
    store,
    transactions: createTransactions(secrets, secure),
    vault,
    roleNames,
    maxSessionMs,
    originOf,
    requireOwnSite,
    audit,
    onProviderUnavailable: alarm,
  });
  return { sessions: sessions.middleware, routes, authenticate: sessionAuthenticator(sessions, store, vault) };
}

/** A provider that is away mends itself; a credential that it refuses is mended by nobody but an operator. */
function logProvider(log: Logger, error: ProviderUnavailable): void {
  if (error.clientRejected)
    log.error(
      'the credential of this service (OIDC_CLIENT_*) can not be used with the identity provider: an operator must renew it',
    );
  else log.warn('the identity provider is unavailable');
}
