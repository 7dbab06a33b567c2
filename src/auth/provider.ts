import * as oidc from 'openid-client';
import type { OutboundFetch } from '../outbound/outbound.js';
import { type ClientRegistration, clientAuthentication } from './client-registration.js';
import { limitResponses } from './limited-fetch.js';
import { ProviderUnavailable, throwProviderError } from './provider-errors.js';

/** The options of {@link createProvider}. */
export interface ProviderOptions extends ClientRegistration {
  /** Scopes, separated by spaces. */
  readonly scope: string;
  readonly fetch: OutboundFetch;
}

/** The values that bind an authorization response to the browser that started the sign-in. */
export interface AuthorizationChecks {
  readonly state: string;
  readonly nonce: string;
  /** The PKCE code verifier. */
  readonly verifier: string;
}

/** The optional parameters of an authorization request. */
export interface AuthorizationOptions {
  /** The claims that Graph requires, as JSON text. */
  readonly claims?: string | undefined;
  /** `select_account` makes the provider offer other accounts. */
  readonly prompt?: string | undefined;
}

/** The result of an authorization code grant. */
export interface CodeGrant {
  /** The claims of the validated ID token. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly tokens: OidcTokens;
}

/** The result of a refresh grant. */
export interface RefreshGrant {
  /** The claims of the ID token; `undefined` if the response had none. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly tokens: OidcTokens;
}

/** The tokens of a token response. */
export interface OidcTokens {
  readonly accessToken: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly refreshToken: string | undefined;
  /** The `sub` claim of the ID token, if the response had one. */
  readonly subject: string | undefined;
}

/** A client of an OpenID provider. Each response must arrive within 10 s and have at most 512 KiB. */
export interface Provider {
  /** The client's configuration after discovery. @throws {ProviderUnavailable} */
  discover(): Promise<oidc.Configuration>;
  /** @throws {ProviderUnavailable} */
  authorizationUrl(checks: AuthorizationChecks, redirectUri: string, more: AuthorizationOptions): Promise<URL>;
  /** Exchanges the authorization code of a callback for tokens. @throws {ProviderRejection | ProviderUnavailable} */
  exchange(callback: URL, checks: AuthorizationChecks): Promise<CodeGrant>;
  /** @throws {ProviderRejection | ProviderUnavailable} */
  refresh(refreshToken: string): Promise<RefreshGrant>;
  /** The provider's sign-out page; `undefined` when it has none. @throws {ProviderUnavailable} */
  endSessionUrl(returnTo: string, logoutHint: string | null): Promise<URL | undefined>;
}

const timeoutSeconds = 10;

interface Configurations {
  readonly signIn: oidc.Configuration;
  readonly refresh: oidc.Configuration;
}

/** Creates a client that runs discovery on first use, and again after a discovery that failed. */
export function createProvider(options: ProviderOptions): Provider {
  const limitedFetch = limitResponses(options.fetch);
  let discovering: Promise<Configurations> | undefined;

  async function discover(): Promise<Configurations> {
    const insecure = options.issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
    const authentication = await clientAuthentication(options);
    const signIn = await oidc.discovery(options.issuer, options.clientId, {}, authentication, {
      // Verify the signature of ID tokens, although OpenID Connect Core 3.1.3.7 permits TLS validation instead.
      execute: [oidc.enableNonRepudiationChecks, ...insecure],
      timeout: timeoutSeconds,
      [oidc.customFetch]: limitedFetch,
    });
    // A refresh skips that check, as the standard permits: the provider sends the new ID token over the same
    // connection, and a response that is discarded because the keys cannot be fetched would end the session, since its
    // refresh token is already used.
    const refresh = new oidc.Configuration(signIn.serverMetadata(), options.clientId, {}, authentication);
    refresh.timeout = timeoutSeconds;
    refresh[oidc.customFetch] = limitedFetch;
    for (const allowInsecure of insecure) allowInsecure(refresh);
    return { signIn, refresh };
  }

  async function configurations(): Promise<Configurations> {
    discovering ??= discover();
    return discovering.catch((error: unknown) => {
      discovering = undefined;
      throw error instanceof ProviderUnavailable ? error : new ProviderUnavailable(error);
    });
  }

  return {
    discover: async () => (await configurations()).signIn,
    async authorizationUrl({ state, nonce, verifier }, redirectUri, { claims, prompt }) {
      return oidc.buildAuthorizationUrl((await configurations()).signIn, {
        redirect_uri: redirectUri,
        scope: options.scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(claims !== undefined && { claims }),
        ...(prompt !== undefined && { prompt }),
      });
    },
    async exchange(callback, { state, nonce, verifier }) {
      const { signIn: config } = await configurations();
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const response = await oidc.authorizationCodeGrant(config, callback, checks).catch(throwProviderError);
      return { claims: response.claims() ?? {}, tokens: readTokens(response) };
    },
    async refresh(refreshToken) {
      const response = await oidc
        .refreshTokenGrant((await configurations()).refresh, refreshToken)
        .catch(throwProviderError);
      const tokens = readTokens(response);
      const claims = response.claims();
      return { claims, tokens: { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken } };
    },
    async endSessionUrl(returnTo, logoutHint) {
      const { signIn: config } = await configurations();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(config, {
        post_logout_redirect_uri: returnTo,
        ...(logoutHint !== null && { logout_hint: logoutHint }),
      });
    },
  };
}

/** Creates random values for one sign-in. */
export function newAuthorizationChecks(): AuthorizationChecks {
  return { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
}

function readTokens(response: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): OidcTokens {
  const seconds = response.expiresIn() ?? 3600;
  return {
    accessToken: response.access_token,
    expiresAt: Date.now() + seconds * 1000,
    refreshToken: response.refresh_token,
    subject: response.claims()?.sub,
  };
}
