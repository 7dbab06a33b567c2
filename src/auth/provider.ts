import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as oidc from 'openid-client';

/** The registration of this service at the provider. */
export interface ProviderOptions {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** The path of a PEM file with certificate and private key, used instead of a secret. */
  readonly certificatePath?: string | undefined;
  /** Scopes, separated by spaces. */
  readonly scope: string;
}

/** The values that bind an authorization response to the browser that started the sign-in. */
export interface AuthorizationChecks {
  readonly state: string;
  readonly nonce: string;
  /** The PKCE code verifier. */
  readonly verifier: string;
}

/** The result of a sign-in. */
export interface SignInResult {
  /** The claims of the validated ID token. */
  readonly claims: Readonly<Record<string, unknown>>;
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

/** The provider rejected the request, or sent an invalid response. Repeating the request does not help. */
export class ProviderRejection extends Error {
  override readonly name = 'ProviderRejection';
  /** The OAuth 2.0 error code, or openid-client's code for an invalid response. */
  readonly code: string;
  constructor(code: string, cause: unknown) {
    super('the identity provider rejected the request', { cause });
    // The code may come from the browser (RFC 6749, 4.1.2.1) and is logged.
    this.code = /^[\w.-]{1,64}$/.test(code) ? code : 'unreadable';
  }
}

/** The provider is unreachable, failing, or rejects this service's client credential. Sessions stay valid. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
  /** Whether the client credential was rejected, which only an operator can fix. */
  readonly clientRejected: boolean;
  constructor(clientRejected: boolean, cause: unknown) {
    super(
      clientRejected ? 'the identity provider rejected the client credential' : 'the identity provider is unavailable',
      { cause },
    );
    this.clientRejected = clientRejected;
  }
}

/** A client of an OpenID provider. Each request to the provider times out after 10 s. */
export interface Provider {
  /** @throws {ProviderUnavailable} */
  authorizationUrl(checks: AuthorizationChecks, redirectUri: string, claims: string | undefined): Promise<URL>;
  /** Exchanges the authorization code of a callback for tokens. @throws {ProviderRejection | ProviderUnavailable} */
  exchange(callback: URL, checks: AuthorizationChecks): Promise<SignInResult>;
  /** @throws {ProviderRejection | ProviderUnavailable} */
  refresh(refreshToken: string): Promise<OidcTokens>;
  /** The provider's sign-out page; `undefined` when it has none. @throws {ProviderUnavailable} */
  endSessionUrl(returnTo: string, logoutHint: string | null): Promise<URL | undefined>;
}

const timeoutSeconds = 10;

interface Configurations {
  readonly signIn: oidc.Configuration;
  readonly renewal: oidc.Configuration;
}

/** Creates a client that runs discovery on first use, and again after a discovery that failed. */
export function createProvider(options: ProviderOptions): Provider {
  let discovering: Promise<Configurations> | undefined;

  async function discover(): Promise<Configurations> {
    const insecure = options.issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
    const authentication = await clientAuthentication(options).catch((error: unknown) => {
      throw new ProviderUnavailable(true, error);
    });
    const signIn = await oidc.discovery(options.issuer, options.clientId, {}, authentication, {
      // Verify the signature of ID tokens, although OpenID Connect Core 3.1.3.7 permits TLS validation instead.
      execute: [oidc.enableNonRepudiationChecks, ...insecure],
      timeout: timeoutSeconds,
    });
    // Renewals skip that check. They only read the subject of the new ID token, and a response that is discarded because
    // the keys cannot be fetched would end the session: its refresh token is spent.
    const renewal = new oidc.Configuration(signIn.serverMetadata(), options.clientId, {}, authentication);
    renewal.timeout = timeoutSeconds;
    for (const allowInsecure of insecure) allowInsecure(renewal);
    return { signIn, renewal };
  }

  async function configurations(): Promise<Configurations> {
    discovering ??= discover();
    return discovering.catch((error: unknown) => {
      discovering = undefined;
      throw error instanceof ProviderUnavailable ? error : new ProviderUnavailable(false, error);
    });
  }

  return {
    async authorizationUrl({ state, nonce, verifier }, redirectUri, claims) {
      return oidc.buildAuthorizationUrl((await configurations()).signIn, {
        redirect_uri: redirectUri,
        scope: options.scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(claims !== undefined && { claims }),
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
        .refreshTokenGrant((await configurations()).renewal, refreshToken)
        .catch(throwProviderError);
      const tokens = readTokens(response);
      return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
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

/** Maps the errors of openid-client to the two errors that callers distinguish. */
function throwProviderError(error: unknown): never {
  if (error instanceof oidc.ResponseBodyError) {
    if (['invalid_client', 'unauthorized_client'].includes(error.error)) throw new ProviderUnavailable(true, error);
    if (error.status >= 500 || error.error === 'temporarily_unavailable') throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.AuthorizationResponseError) {
    if (/^(server_error|temporarily_unavailable)$/.test(error.error)) throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(error.error, error);
  }
  if (error instanceof oidc.ClientError) {
    const code = error.code ?? '';
    if (/TIMEOUT|HTTP_STATUS|RESPONSE_IS_NOT_|PARSE_ERROR|REQUEST/.test(code))
      throw new ProviderUnavailable(false, error);
    throw new ProviderRejection(code, error);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) throw new ProviderUnavailable(true, error);
  if (error instanceof TypeError) throw new ProviderUnavailable(false, error);
  throw error;
}

/** Authenticates with a secret, or with a key whose certificate is registered at the provider (`private_key_jwt`). */
async function clientAuthentication({ clientSecret, certificatePath }: ProviderOptions): Promise<oidc.ClientAuth> {
  if (certificatePath === undefined) return oidc.ClientSecretPost(clientSecret);
  const pem = await readFile(certificatePath, 'utf8');
  const certificate = new X509Certificate(pem);
  const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  return oidc.PrivateKeyJwt(key, {
    [oidc.modifyAssertion](header) {
      header['x5t'] = thumbprint(certificate.fingerprint);
      header['x5t#S256'] = thumbprint(certificate.fingerprint256);
    },
  });
}

/** Converts a fingerprint in hex to a JOSE thumbprint (RFC 7515, 4.1.7). */
function thumbprint(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}
