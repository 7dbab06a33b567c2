import { randomBytes, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, jwtVerify, type ProtectedHeaderParameters, SignJWT } from 'jose';

/** An OpenID provider of the test's own: it asks nobody anything, and everything it gives out is known. */
export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What authorization requests asked for. */
  readonly asked: URLSearchParams[];
  /** Every code and token that it gave out. */
  readonly issued: string[];
  /** The headers of the assertions by which its client proved itself. */
  readonly assertions: ProtectedHeaderParameters[];
  /** Refresh grants so far. */
  readonly refreshes: number;
  /** Those of a token that was just being used in another one. */
  readonly overlaps: number;
  accessTokenSeconds: number;
  /** Whether Graph gets to know the next access tokens; it refuses others. */
  known: boolean;
  /** Lets refresh grants wait until they are released. */
  hold(): () => void;
  /** Knows no refresh token any more. */
  revoke(): void;
  /** Lets nothing listen any more. */
  stop(): Promise<void>;
  /** Listens again where it did. */
  resume(): Promise<void>;
}

/** How the client proves itself, and where tokens are made good. */
export interface TestProviderOptions {
  /** Instead of a secret (`private_key_jwt`). */
  readonly certificate?: X509Certificate;
  readonly register: (token: string) => Promise<void>;
  /** So many people sign in, one after another, each with sessions of their own. There is one when it is left out. */
  readonly people?: number;
  /** Whether a refresh token can be used again until the one that took its place has been. */
  readonly forgiving?: boolean;
}

interface SignedIn {
  readonly person: object;
  readonly sub: string;
}

class Refused extends Error {}

/** Starts one. */
export async function startProvider({
  certificate,
  register,
  people,
  forgiving,
}: TestProviderOptions): Promise<TestProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'key' };
  const nonces = new Map<string, string>();
  const refreshTokens = new Map<string, SignedIn & { readonly before: string }>();
  const inUse = new Set<string>();
  const assertionIds = new Set<unknown>();
  let refreshes = 0;
  let overlaps = 0;
  let signIns = 0;
  let gate = Promise.resolve();

  const give = (kind: string) => {
    const value = `canary-${kind}-${randomBytes(18).toString('base64url')}`;
    provider.issued.push(value);
    return value;
  };

  async function authenticate(form: URLSearchParams): Promise<void> {
    if (certificate === undefined) {
      if (form.get('client_secret') !== provider.clientSecret) throw new Refused('invalid_client');
      return;
    }
    const { clientId, issuer } = provider;
    const wishes = { issuer: clientId, subject: clientId, audience: issuer, algorithms: ['RS256', 'PS256'] };
    const verified = await jwtVerify(form.get('client_assertion') ?? '', certificate.publicKey, {
      ...wishes,
      requiredClaims: ['exp', 'iat', 'jti'],
      maxTokenAge: '10 minutes',
    }).catch(() => undefined);
    const isBearer = form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const plain = !form.has('client_secret') && isBearer;
    if (!plain || verified === undefined || assertionIds.has(verified.payload.jti)) throw new Refused('invalid_client');
    assertionIds.add(verified.payload.jti);
    provider.assertions.push(verified.protectedHeader);
  }

  function nextPerson(): SignedIn {
    const roles = ['ScriptState.ReadWrite'];
    const common = {
      person: { oid: 'somebody', name: 'Some Body', roles, sid: 'the-only-session' },
      sub: 'sub-of-somebody',
    };
    if (people === undefined) return common;
    const number = signIns++;
    const oid = `person-${number % people}`;
    return { person: { oid, name: `Person ${number % people}`, roles, sid: `session-${number}` }, sub: oid };
  }

  /** Takes a refresh token, while no other grant may use it. */
  async function redeem(token: string): Promise<SignedIn> {
    refreshes += 1;
    if (inUse.has(token)) overlaps += 1;
    inUse.add(token);
    await gate;
    inUse.delete(token);
    const found = refreshTokens.get(token);
    if (found === undefined) throw new Refused('invalid_grant');
    // What took its place has arrived when that is used.
    refreshTokens.delete(forgiving ? found.before : token);
    return found;
  }

  async function grant(form: URLSearchParams): Promise<object> {
    await authenticate(form);
    let nonce: string | undefined;
    let signedIn: SignedIn;
    const used = form.get('refresh_token') ?? '';
    if (form.get('grant_type') === 'refresh_token') signedIn = await redeem(used);
    else {
      const code = form.get('code') ?? '';
      nonce = nonces.get(code);
      if (!nonces.delete(code)) throw new Refused('invalid_grant');
      signedIn = nextPerson();
    }
    const { person, sub } = signedIn;
    const [accessToken, refreshToken] = [give('access'), give('refresh')];
    refreshTokens.set(refreshToken, { person, sub, before: used });
    if (provider.known) await register(accessToken);
    const idToken = await new SignJWT({ ...person, ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: 'RS256', kid: 'key' })
      .setIssuer(provider.issuer)
      .setAudience(provider.clientId)
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    provider.issued.push(idToken);
    const rest = { token_type: 'Bearer', expires_in: provider.accessTokenSeconds, id_token: idToken };
    return { ...rest, access_token: accessToken, refresh_token: refreshToken };
  }

  function authorize({ searchParams }: URL): string {
    provider.asked.push(searchParams);
    const code = give('code');
    nonces.set(code, searchParams.get('nonce') ?? '');
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', searchParams.get('state') ?? '');
    return back.href;
  }

  async function answer(request: IncomingMessage): Promise<object> {
    const { issuer } = provider;
    if (request.url === '/token') return grant(new URLSearchParams(await text(request)));
    if (request.url === '/keys') return { keys: [key] };
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
    };
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', provider.issuer);
    if (url.pathname === '/authorize') {
      response.writeHead(303, { location: authorize(url) }).end();
      return;
    }
    void answer(request).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => {
        const code = error instanceof Refused ? error.message : 'server_error';
        response.writeHead(code === 'server_error' ? 500 : 400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: code }));
      },
    );
  });
  const listen = async (port: number) => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const provider: TestProvider = {
    issuer: `http://127.0.0.1:${port}`,
    clientId: 'client-of-the-tests',
    clientSecret: 'canary-client-secret-2f61b0',
    asked: [],
    issued: [],
    assertions: [],
    get refreshes() {
      return refreshes;
    },
    get overlaps() {
      return overlaps;
    },
    accessTokenSeconds: 3600,
    known: true,
    hold() {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return () => release();
    },
    revoke: () => refreshTokens.clear(),
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    resume: async () => void (await listen(port)),
  };
  return provider;
}
