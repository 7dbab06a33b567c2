import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** The tokens of every valid response. */
export const maliciousTokens = {
  access_token: 'canary-access-7f3a9c',
  refresh_token: 'canary-refresh-7f3a9c',
} as const;

/** How the responses of the provider deviate from valid ones. */
export interface Deviation {
  /** Claims of the ID token to replace; `undefined` omits a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs the ID token instead of the provider. */
  readonly sign?: (claims: JWTPayload, signValid: (claims: JWTPayload) => Promise<string>) => Promise<string> | string;
  /** Responds to token requests instead of the provider. */
  readonly respond?: (response: ServerResponse) => void;
}

/** An OpenID provider that signs users in without interaction, with valid or manipulated responses. */
export interface MaliciousProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Manipulates the responses from now on. */
  deviate(deviation: Deviation): void;
  /** All ID tokens issued. */
  readonly idTokens: readonly string[];
  close(): Promise<void>;
}

const json = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Starts a provider on a free port. */
export async function startMaliciousProvider(): Promise<MaliciousProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const codes = new Map<string, string | null>();
  const idTokens: string[] = [];
  const clientId = 'malicious-client';
  let deviation: Deviation = {};
  let issuer = '';

  const signValid = (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);

  async function idToken(nonce: string | null): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims: JWTPayload = {
      iss: issuer,
      aud: clientId,
      sub: 'subject',
      oid: 'object-id',
      sid: 'provider-session',
      name: 'Somebody',
      roles: ['ScriptState.ReadWrite'],
      iat: now,
      exp: now + 300,
      nonce,
      ...deviation.claims,
    };
    const token = await (deviation.sign?.(claims, signValid) ?? signValid(claims));
    idTokens.push(token);
    return token;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer);
    if (pathname === '/authorize') {
      const code = `canary-code-${randomUUID()}`;
      codes.set(code, searchParams.get('nonce'));
      const location = new URL(searchParams.get('redirect_uri') ?? '');
      const parameters = { code, state: searchParams.get('state') ?? '', iss: issuer };
      location.search = new URLSearchParams(parameters).toString();
      response.writeHead(303, { location: location.href }).end();
      return;
    }
    if (pathname === '/token') {
      const code = new URLSearchParams(await text(request)).get('code') ?? '';
      const nonce = codes.get(code);
      codes.delete(code);
      if (deviation.respond !== undefined) deviation.respond(response);
      else if (nonce === undefined) json(response, 400, { error: 'invalid_grant' });
      else {
        const tokens = { ...maliciousTokens, token_type: 'Bearer', expires_in: 3600, id_token: await idToken(nonce) };
        json(response, 200, tokens);
      }
      return;
    }
    if (pathname === '/jwks') json(response, 200, { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] });
    else {
      json(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        authorization_response_iss_parameter_supported: true,
      });
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    clientId,
    clientSecret: 'canary-client-secret-7f3a9c',
    deviate: (next) => {
      deviation = next;
    },
    idTokens,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
