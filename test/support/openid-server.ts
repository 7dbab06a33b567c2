import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** The HTTP endpoints of an OpenID provider that signs users in without interaction. */
export interface OpenIdServer {
  readonly issuer: string;
  /** Signs an ID token with the published key. */
  readonly signIdToken: (claims: JWTPayload) => Promise<string>;
  /**
   * The nonce of the authorization request for a code, which can be used once; undefined for an unknown code, and for
   * one that was issued to another client.
   */
  redeemCode(code: string | null, clientId: string): string | undefined;
  /** Stops listening. */
  stop(): Promise<void>;
  /** Listens on the same port again. */
  resume(): Promise<void>;
}

/** The differences between providers. */
export interface OpenIdServerOptions {
  /** Additional fields of the discovery document. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Observes an authorization request. @returns additional parameters of its response */
  readonly onAuthorize: (request: URLSearchParams, code: string) => Readonly<Record<string, string>>;
  /**
   * Resolves with the body of the response to a token request; undefined if it has responded itself.
   *
   * @throws {OAuthError} for a response with status 400
   */
  readonly token: (form: URLSearchParams, response: ServerResponse) => Promise<object | undefined>;
}

/** An error response of the token endpoint. The message is the error code. */
export class OAuthError extends Error {}

/** A random value that must not appear in any log. */
export const createCanary = (kind: string): string => `canary-${kind}-${randomBytes(18).toString('base64url')}`;

/** Starts the endpoints on a free port. */
export async function startOpenIdServer({ metadata, onAuthorize, token }: OpenIdServerOptions): Promise<OpenIdServer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'key' };
  const requests = new Map<string, URLSearchParams>();

  function authorize(request: URLSearchParams): string {
    const code = createCanary('code');
    requests.set(code, request);
    const redirect = new URL(request.get('redirect_uri') ?? '');
    const parameters = { code, state: request.get('state') ?? '', ...onAuthorize(request, code) };
    redirect.search = new URLSearchParams(parameters).toString();
    return redirect.href;
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<object | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '', issuer);
    switch (pathname) {
      case '/authorize':
        response.writeHead(303, { location: authorize(searchParams) }).end();
        return undefined;
      case '/token':
        return token(new URLSearchParams(await text(request)), response);
      case '/keys':
        return { keys: [key] };
      default:
        return {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          ...metadata,
        };
    }
  }

  const server = createServer((request, response) => {
    const sendJson = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    respond(request, response).then(
      (body) => body && sendJson(200, body),
      (error: unknown) =>
        error instanceof OAuthError
          ? sendJson(400, { error: error.message })
          : sendJson(500, { error: 'server_error' }),
    );
  });
  const listen = async (port: number) => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    signIdToken: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key' }).sign(privateKey),
    redeemCode(code, clientId) {
      const request = requests.get(code ?? '');
      requests.delete(code ?? '');
      return request?.get('client_id') === clientId ? (request.get('nonce') ?? '') : undefined;
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    resume: async () => void (await listen(port)),
  };
}
