import type { X509Certificate } from 'node:crypto';
import { jwtVerify, type ProtectedHeaderParameters } from 'jose';
import { createCanary, OAuthError, type OpenIdServer, startOpenIdServer } from './openid-server.js';

/** An OpenID provider that signs users in without interaction and records what it issues. */
export interface TestProvider extends Pick<OpenIdServer, 'issuer' | 'stop' | 'resume'> {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The parameters of all authorization requests. */
  readonly authorizationRequests: URLSearchParams[];
  /** All codes and tokens issued. */
  readonly issued: string[];
  /** The headers of the client assertions received. */
  readonly assertions: ProtectedHeaderParameters[];
  /** The number of refresh grants. */
  readonly refreshes: number;
  /** The number of refresh grants that used a token while another grant was using it. */
  readonly overlaps: number;
  accessTokenSeconds: number;
  /** Whether new access tokens are registered at the simulated Graph, which rejects all others. */
  registersTokens: boolean;
  /** Blocks refresh grants until the returned function is called. */
  hold(): () => void;
  /** Revokes all refresh tokens. */
  revoke(): void;
}

/** The options of {@link startProvider}. */
export interface TestProviderOptions {
  /** The client's certificate (`private_key_jwt`); a client secret is expected without one. */
  readonly certificate?: X509Certificate;
  /** Registers an access token at the simulated Graph. */
  readonly register: (token: string) => Promise<void>;
  /** The number of users, who sign in in rotation; each sign-in has its own provider session. One user by default. */
  readonly users?: number;
  /** Whether a refresh token remains valid until its successor has been used. */
  readonly allowsReuse?: boolean;
}

interface SignedIn {
  readonly person: object;
  readonly sub: string;
}

/** Starts a provider on a free port. */
export async function startProvider({
  certificate,
  register,
  users,
  allowsReuse,
}: TestProviderOptions): Promise<TestProvider> {
  const refreshTokens = new Map<string, SignedIn & { readonly predecessor: string }>();
  const inUse = new Set<string>();
  const assertionIds = new Set<unknown>();
  let refreshes = 0;
  let overlaps = 0;
  let signIns = 0;
  let gate = Promise.resolve();

  const issue = (kind: string) => {
    const value = createCanary(kind);
    provider.issued.push(value);
    return value;
  };

  async function authenticate(form: URLSearchParams): Promise<void> {
    if (certificate === undefined) {
      if (form.get('client_secret') !== provider.clientSecret) throw new OAuthError('invalid_client');
      return;
    }
    const { clientId, issuer } = provider;
    const expected = { issuer: clientId, subject: clientId, audience: issuer, algorithms: ['RS256', 'PS256'] };
    const verified = await jwtVerify(form.get('client_assertion') ?? '', certificate.publicKey, {
      ...expected,
      requiredClaims: ['exp', 'iat', 'jti'],
      maxTokenAge: '10 minutes',
    }).catch(() => undefined);
    const isBearer = form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const isAssertionOnly = !form.has('client_secret') && isBearer;
    if (!isAssertionOnly || verified === undefined || assertionIds.has(verified.payload.jti))
      throw new OAuthError('invalid_client');
    assertionIds.add(verified.payload.jti);
    provider.assertions.push(verified.protectedHeader);
  }

  function nextUser(): SignedIn {
    const roles = ['ScriptState.ReadWrite'];
    const common = {
      person: { oid: 'somebody', name: 'Some Body', roles, sid: 'the-only-session' },
      sub: 'sub-of-somebody',
    };
    if (users === undefined) return common;
    const number = signIns++;
    const oid = `person-${number % users}`;
    return { person: { oid, name: `Person ${number % users}`, roles, sid: `session-${number}` }, sub: oid };
  }

  /** Exchanges a refresh token for the user that it belongs to. */
  async function redeem(token: string): Promise<SignedIn> {
    refreshes += 1;
    if (inUse.has(token)) overlaps += 1;
    inUse.add(token);
    await gate;
    inUse.delete(token);
    const found = refreshTokens.get(token);
    if (found === undefined) throw new OAuthError('invalid_grant');
    refreshTokens.delete(allowsReuse ? found.predecessor : token);
    return found;
  }

  async function grant(form: URLSearchParams): Promise<object> {
    await authenticate(form);
    let nonce: string | undefined;
    let signedIn: SignedIn;
    const used = form.get('refresh_token') ?? '';
    if (form.get('grant_type') === 'refresh_token') signedIn = await redeem(used);
    else {
      nonce = server.redeemCode(form.get('code'), provider.clientId);
      if (nonce === undefined) throw new OAuthError('invalid_grant');
      signedIn = nextUser();
    }
    const { person, sub } = signedIn;
    const [accessToken, refreshToken] = [issue('access'), issue('refresh')];
    refreshTokens.set(refreshToken, { person, sub, predecessor: used });
    if (provider.registersTokens) await register(accessToken);
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.issuer, aud: provider.clientId, sub, iat, exp: iat + 3600 };
    const idToken = await server.signIdToken({ ...person, ...(nonce && { nonce }), ...claims });
    provider.issued.push(idToken);
    const rest = { token_type: 'Bearer', expires_in: provider.accessTokenSeconds, id_token: idToken };
    return { ...rest, access_token: accessToken, refresh_token: refreshToken };
  }

  const server = await startOpenIdServer({
    metadata: {
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
    },
    onAuthorize(request, code) {
      provider.authorizationRequests.push(request);
      provider.issued.push(code);
      return {};
    },
    token: grant,
  });
  const provider: TestProvider = {
    ...server,
    clientId: 'client-of-the-tests',
    clientSecret: 'canary-client-secret-2f61b0',
    authorizationRequests: [],
    issued: [],
    assertions: [],
    get refreshes() {
      return refreshes;
    },
    get overlaps() {
      return overlaps;
    },
    accessTokenSeconds: 3600,
    registersTokens: true,
    hold() {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    revoke: () => refreshTokens.clear(),
  };
  return provider;
}
