import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as oidc from 'openid-client';

/** The sign-in application, as the provider knows it. */
export interface ProviderOptions {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** PEM with certificate and key, instead of a secret. */
  readonly certificatePath?: string | undefined;
  readonly scope: string;
}

/** What binds a sign-in to the browser that began it. */
export interface AuthorizationChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider says about somebody who has signed in. */
export interface SignInResult {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly tokens: OidcTokens;
}

/** Tokens as the provider gives them. */
export interface OidcTokens {
  readonly accessToken: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly refreshToken: string | undefined;
  /** Whose they are, where the answer says so. */
  readonly subject: string | undefined;
}

/** The provider will not have it: what it says is final for this sign-in. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  /** The error code of OAuth 2.0, or of what was wrong with the answer. */
  readonly code: string;
  constructor(code: string, cause: unknown) {
    super('the identity provider refused', { cause });
    // It can come by way of the browser.
    this.code = /^[\w.-]{1,64}$/.test(code) ? code : 'unreadable';
  }
}

/** The provider can't be reached, is failing, or doesn't know this service any more: nobody's session is over. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
  /** Whether the service's own credential was refused: only an operator can mend that. */
  readonly clientRejected: boolean;
  constructor(ownFault: boolean, cause: unknown) {
    super(
      ownFault ? "the identity provider refused this service's credential" : 'the identity provider is unavailable',
      {
        cause,
      },
    );
    this.clientRejected = ownFault;
  }
}

/** An OpenID provider, Entra first. Every call to it has a time limit. */
export interface Provider {
  authorizationUrl(checks: AuthorizationChecks, redirectUri: string, claims: string | undefined): Promise<URL>;
  /** @throws {ProviderRefusal | ProviderUnavailable} */
  exchange(callback: URL, checks: AuthorizationChecks): Promise<SignInResult>;
  /** @throws {ProviderRefusal | ProviderUnavailable} */
  refresh(refreshToken: string): Promise<OidcTokens>;
  /** Where to send somebody who signs out, if the provider has a place for it. */
  endSessionUrl(returnTo: string, logoutHint: string | null): Promise<URL | undefined>;
}

const timeoutSeconds = 10;

interface Configurations {
  readonly signIn: oidc.Configuration;
  readonly renewal: oidc.Configuration;
}

/** Asks the provider for its addresses when they are first needed, and again after it could not be reached. */
export function createProvider(options: ProviderOptions): Provider {
  let discovering: Promise<Configurations> | undefined;

  async function discover(): Promise<Configurations> {
    const insecure = options.issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
    const authentication = await clientAuthentication(options).catch((error: unknown) => {
      throw new ProviderUnavailable(true, error);
    });
    const signIn = await oidc.discovery(options.issuer, options.clientId, {}, authentication, {
      // The signature of ID tokens is checked, though they come straight from the provider.
      execute: [oidc.enableNonRepudiationChecks, ...insecure],
      timeout: timeoutSeconds,
    });
    // Nothing is read from a renewed ID token but whose it is, and a renewal whose answer is thrown away because the
    // keys could not be had just then would cost the session: its refresh token is used up.
    const renewal = new oidc.Configuration(signIn.serverMetadata(), options.clientId, {}, authentication);
    renewal.timeout = timeoutSeconds;
    for (const execute of insecure) execute(renewal);
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
      const answer = await oidc.authorizationCodeGrant(config, callback, checks).catch(throwProviderError);
      return { claims: answer.claims() ?? {}, tokens: readTokens(answer) };
    },
    async refresh(refreshToken) {
      const answer = await oidc
        .refreshTokenGrant((await configurations()).renewal, refreshToken)
        .catch(throwProviderError);
      const tokens = readTokens(answer);
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

/** Fresh random values for one sign-in. */
export function newAuthorizationChecks(): AuthorizationChecks {
  return { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
}

function readTokens(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): OidcTokens {
  const seconds = answer.expiresIn() ?? 3600;
  return {
    accessToken: answer.access_token,
    expiresAt: Date.now() + seconds * 1000,
    refreshToken: answer.refresh_token,
    subject: answer.claims()?.sub,
  };
}

/** OAuth errors by what they mean for the person: sign in again, or come back later. */
function throwProviderError(error: unknown): never {
  if (error instanceof oidc.ResponseBodyError) {
    if (['invalid_client', 'unauthorized_client'].includes(error.error)) throw new ProviderUnavailable(true, error);
    if (error.status >= 500 || error.error === 'temporarily_unavailable') throw new ProviderUnavailable(false, error);
    throw new ProviderRefusal(error.error, error);
  }
  if (error instanceof oidc.AuthorizationResponseError) {
    if (/^(server_error|temporarily_unavailable)$/.test(error.error)) throw new ProviderUnavailable(false, error);
    throw new ProviderRefusal(error.error, error);
  }
  if (error instanceof oidc.ClientError) {
    const code = error.code ?? '';
    if (/TIMEOUT|HTTP_STATUS|RESPONSE_IS_NOT_|PARSE_ERROR|REQUEST/.test(code))
      throw new ProviderUnavailable(false, error);
    throw new ProviderRefusal(code, error);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) throw new ProviderUnavailable(true, error);
  if (error instanceof TypeError) throw new ProviderUnavailable(false, error);
  throw error;
}

/** A secret, or a key whose certificate the provider knows by its thumbprints (`private_key_jwt`). */
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

/** A fingerprint as JOSE writes it (RFC 7515, 4.1.7). */
function thumbprint(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}
