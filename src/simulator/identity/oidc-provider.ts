import { randomBytes } from 'node:crypto';
import type Provider from 'oidc-provider';
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import { isLoopback } from '../../loopback.js';
import { type TokenRegistry, writeScopes } from '../graph/token-registry.js';
import { createIdentityStore } from './adapter.js';
import type { OidcProviderModule } from './load-oidc-provider.js';
import { messagePage, signOutPage } from './pages.js';
import { idTokenClaims, sampleUsers } from './sample-users.js';
import type { IdentityState } from './settings.js';
import { withControlledTokenEndpoint } from './token-endpoint.js';

/** The one client that is registered at the simulated identity provider. */
export interface SimulatedClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Random for each start. */
  readonly clientSecret: string;
}

/** The parts of the OpenID provider. */
export interface OidcProviderParts {
  readonly oidc: OidcProviderModule;
  readonly signingKey: JWK;
  readonly client: SimulatedClient;
  readonly state: IdentityState;
  /** Its access tokens are registered here, so that the simulated Graph accepts them. */
  readonly tokens: TokenRegistry;
}

/** The parts of an authorization request that its grant needs later. */
interface GrantDetails {
  /** The origin of the client's redirect URI. */
  readonly origin: string;
  /** The parameter `claims`, as JSON text. */
  readonly claims: string | undefined;
}

const daySeconds = 86_400;
const graphScopes = ['.default', 'User.Read', ...writeScopes];
const claimNames = ['sub', 'oid', 'tid', 'name', 'preferred_username', 'roles', 'login_hint'] as const;

/** Creates the OpenID provider, to be mounted at the path of its issuer. */
export function createOidcProvider(parts: OidcProviderParts): Provider {
  const { oidc, client, state, tokens } = parts;
  const grants = new Map<string, GrantDetails>();
  const ControlledProvider = withControlledTokenEndpoint(oidc, state);
  const provider = new ControlledProvider(client.issuer, createConfiguration(parts, grants));

  Object.assign(provider.Client.prototype, {
    // The port of the service is not known when the simulator starts.
    redirectUriAllowed: (uri: string) => parseLoopbackUrl(uri)?.pathname === '/auth/callback',
    postLogoutRedirectUriAllowed: (uri: string) => parseLoopbackUrl(uri) !== undefined,
    // `sid` is an optional claim of Entra's ID tokens; here it is always present.
    includeSid: () => true,
  });
  provider.on('access_token.saved', ({ jti, accountId, grantId, expiration }) => {
    tokens.register(jti, [writeScopes[0]], {
      expiresAt: Date.now() + expiration * 1000,
      subject: `${client.clientId} ${accountId}`,
      claims: grants.get(grantId)?.claims,
    });
  });
  return provider;
}

function createConfiguration(
  { oidc, signingKey, client, state }: OidcProviderParts,
  grants: Map<string, GrantDetails>,
): Configuration {
  return {
    adapter: createIdentityStore(),
    jwks: { keys: [signingKey] },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      long: { httpOnly: true, sameSite: 'lax', path: '/identity' },
    },
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: ['http://localhost/auth/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: [
      'openid',
      'profile',
      'email',
      'offline_access',
      ...graphScopes.flatMap((name) => [name, `https://graph.microsoft.com/${name}`]),
    ],
    claims: { openid: [...claimNames] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    clientBasedCORS: () => false,
    findAccount(_ctx, sub) {
      const user = sampleUsers.find((candidate) => candidate.sub === sub);
      const { claims = {}, disabled = [] } = state.settings;
      if (user === undefined || disabled.includes(user.key)) return undefined;
      return { accountId: sub, claims: () => ({ ...idTokenClaims(user), ...claims[user.key] }) };
    },
    extraParams: { claims: (ctx, claims) => checkParameters(oidc, ctx, claims) },
    loadExistingGrant: (ctx) => grantWithoutConsent(ctx, grants),
    interactions: { policy: createInteractionPolicy(oidc), url: (_ctx, { uid }) => `/identity/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      // Entra supports neither.
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => sendPage(ctx, signOutPage(form, frontChannelLogoutUrls(ctx, grants))),
        postLogoutSuccessSource: (ctx) => sendPage(ctx, messagePage('Signed out', 'You are signed out.')),
      },
    },
    renderError: (ctx, { error, error_description }) =>
      sendPage(ctx, messagePage('Request failed', `${error}: ${error_description ?? ''}`)),
    ttl: {
      AccessToken: () => state.settings.accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 90 * daySeconds,
      Grant: 90 * daySeconds,
      Session: daySeconds,
    },
  };
}

/** Runs for every authorization request, after oidc-provider has checked the scopes. */
function checkParameters({ errors }: OidcProviderModule, ctx: KoaContextWithOIDC, claims: string | undefined): void {
  if (claims !== undefined && !isJsonObject(claims)) throw new errors.InvalidRequest('claims must be a JSON object');
  // oidc-provider removes offline_access from a request without prompt=consent; Entra does not.
  const { params } = ctx.oidc;
  const { scope } = ctx.query;
  if (params !== undefined && typeof scope === 'string' && scope.split(' ').includes('offline_access')) {
    params['scope'] = scope;
  }
}

/** Grants all that the request contains: an administrator has consented for the tenant. */
async function grantWithoutConsent(ctx: KoaContextWithOIDC, grants: Map<string, GrantDetails>) {
  const { provider, client, account, params } = ctx.oidc;
  const { redirect_uri: redirectUri, claims } = params ?? {};
  if (client === undefined || account === undefined || typeof redirectUri !== 'string') return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(ctx.oidc.requestParamOIDCScopes);
  grant.addOIDCClaims(ctx.oidc.requestParamClaims);
  const id = await grant.save();
  grants.set(id, { origin: new URL(redirectUri).origin, claims: typeof claims === 'string' ? claims : undefined });
  return grant;
}

function createInteractionPolicy({ interactionPolicy }: OidcProviderModule) {
  const policy = interactionPolicy.base();
  // A request may have prompt=consent, but there is no consent page.
  policy.get('consent')?.checks.clear();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }));
  return policy;
}

function frontChannelLogoutUrls(ctx: KoaContextWithOIDC, grants: ReadonlyMap<string, GrantDetails>): string[] {
  return Object.values(ctx.oidc.session?.authorizations ?? {}).flatMap(({ sid, grantId }) => {
    const grant = grantId === undefined ? undefined : grants.get(grantId);
    if (grant === undefined || sid === undefined) return [];
    const query = new URLSearchParams({ iss: ctx.oidc.issuer, sid });
    return `${grant.origin}/auth/front-channel-sign-out?${query.toString()}`;
  });
}

function sendPage(ctx: KoaContextWithOIDC, html: string): void {
  ctx.type = 'html';
  ctx.body = html;
}

function parseLoopbackUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const valid = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.hash === '';
  return valid && isLoopback(url.hostname) ? url : undefined;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
