import { randomBytes } from 'node:crypto';
import type Provider from 'oidc-provider';
import type { Configuration, JWK, KoaContextWithOIDC } from 'oidc-provider';
import { isLoopback } from '../../loopback.js';
import { type Tokens, writeScopes } from '../graph/tokens.js';
import { claimsOf, people } from '../people.js';
import type { OidcProvider } from './load-oidc-provider.js';
import { messagePage, signOutPage } from './pages.js';
import type { IdentityControl } from './settings.js';
import { createIdentityStore } from './store.js';
import { steeredProvider } from './token-endpoint.js';

/** What the identity provider is made of. */
export interface IdentityParts {
  readonly oidc: OidcProvider;
  readonly signingKey: JWK;
  readonly issuer: string;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  readonly control: IdentityControl;
  /** Where its access tokens are made good for the simulated Graph. */
  readonly tokens: Tokens;
}

/** What an authorization request asked for, kept for as long as its grant is used. */
interface SignIn {
  /** Of the client, by its redirect URI. */
  readonly origin: string;
  /** The claims request of a challenge, as JSON text. */
  readonly claims: string | undefined;
}

const daySeconds = 86_400;
const graphScopes = ['.default', 'User.Read', ...writeScopes];
const claimNames = ['sub', 'oid', 'tid', 'name', 'preferred_username', 'roles', 'login_hint'] as const;

/** The provider itself, to be mounted where its issuer says. */
export function createIdentityProvider(parts: IdentityParts): Provider {
  const { oidc, issuer, client, control, tokens } = parts;
  const signIns = new Map<string, SignIn>();
  const SteeredProvider = steeredProvider(oidc, control);
  const provider = new SteeredProvider(issuer, configure(parts, signIns));

  Object.assign(provider.Client.prototype, {
    // The service's port is not known beforehand.
    redirectUriAllowed: (uri: string) => loopbackUrl(uri)?.pathname === '/auth/callback',
    postLogoutRedirectUriAllowed: (uri: string) => loopbackUrl(uri) !== undefined,
    // Entra puts the optional claim `sid` into ID tokens; here it always is there.
    includeSid: () => true,
  });
  provider.on('access_token.saved', ({ jti, accountId, grantId, expiration }) => {
    tokens.register(jti, [writeScopes[0]], {
      expiresAt: Date.now() + expiration * 1000,
      person: `${client.clientId} ${accountId}`,
      claims: signIns.get(grantId)?.claims,
    });
  });
  return provider;
}

function configure({ oidc, signingKey, client, control }: IdentityParts, signIns: Map<string, SignIn>): Configuration {
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
      const person = people.find((candidate) => candidate.sub === sub);
      return person && { accountId: sub, claims: () => ({ ...claimsOf(person) }) };
    },
    extraParams: { claims: (ctx, claims) => admit(oidc, ctx, claims) },
    loadExistingGrant: (ctx) => grantAll(ctx, signIns),
    interactions: { policy: loginOnly(oidc), url: (_ctx, { uid }) => `/identity/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      // Entra has neither.
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => show(ctx, signOutPage(form, frontChannel(ctx, signIns))),
        postLogoutSuccessSource: (ctx) => show(ctx, messagePage('Signed out', 'You are signed out.')),
      },
    },
    renderError: (ctx, { error, error_description }) =>
      show(ctx, messagePage('Something is wrong', `${error}: ${error_description ?? ''}`)),
    ttl: {
      AccessToken: () => control.settings.accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 90 * daySeconds,
      Grant: 90 * daySeconds,
      Session: daySeconds,
    },
  };
}

/** Runs at every authorization request, after the provider has judged the scopes. */
function admit({ errors }: OidcProvider, ctx: KoaContextWithOIDC, claims: string | undefined): void {
  if (claims !== undefined && !isJsonObject(claims)) throw new errors.InvalidRequest('claims must be a JSON object');
  // It drops offline_access where the request has no prompt=consent. Entra asks for no such thing.
  const { params } = ctx.oidc;
  const { scope } = ctx.query;
  if (params !== undefined && typeof scope === 'string' && scope.split(' ').includes('offline_access')) {
    params['scope'] = scope;
  }
}

/** A grant of all that is asked: the client is the tenant's own, nobody is asked for consent. */
async function grantAll(ctx: KoaContextWithOIDC, signIns: Map<string, SignIn>) {
  const { provider, client, account, params } = ctx.oidc;
  const { redirect_uri: redirectUri, claims } = params ?? {};
  if (client === undefined || account === undefined || typeof redirectUri !== 'string') return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(ctx.oidc.requestParamOIDCScopes);
  grant.addOIDCClaims(ctx.oidc.requestParamClaims);
  const id = await grant.save();
  signIns.set(id, { origin: new URL(redirectUri).origin, claims: typeof claims === 'string' ? claims : undefined });
  return grant;
}

function loginOnly({ interactionPolicy }: OidcProvider) {
  const policy = interactionPolicy.base();
  // May be asked for, needs nobody.
  policy.get('consent')?.checks.clear();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }));
  return policy;
}

function frontChannel(ctx: KoaContextWithOIDC, signIns: ReadonlyMap<string, SignIn>): string[] {
  return Object.values(ctx.oidc.session?.authorizations ?? {}).flatMap(({ sid, grantId }) => {
    const signIn = grantId === undefined ? undefined : signIns.get(grantId);
    if (signIn === undefined || sid === undefined) return [];
    const query = new URLSearchParams({ iss: ctx.oidc.issuer, sid });
    return `${signIn.origin}/auth/front-channel-sign-out?${query.toString()}`;
  });
}

function show(ctx: KoaContextWithOIDC, html: string): void {
  ctx.type = 'html';
  ctx.body = html;
}

function loopbackUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.hash === '';
  return plain && isLoopback(url.hostname) ? url : undefined;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
