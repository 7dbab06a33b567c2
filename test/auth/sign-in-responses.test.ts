import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Deviation } from '../support/malicious-provider.js';
import { maliciousSecret, type Rejection, useMaliciousSignIn } from '../support/malicious-sign-in.js';
import { startOpenIdServer } from '../support/openid-server.js';
import { startTestService } from '../support/service.js';
import { createUserAgent } from '../support/user-agent.js';

const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad';

const setup = useMaliciousSignIn();

async function expectRejected(rejection: Rejection, deviation: Deviation): Promise<void> {
  const agent = setup.createUserAgent();
  const callback = await setup.start(agent);
  setup.provider.deviate(deviation);
  await setup.expectRejected(agent, callback, rejection);
}

describe('sign-in rejects an ID token', () => {
  const now = Math.floor(Date.now() / 1000);
  const mismatch = { reason: /^OAUTH_JWT_CLAIM_COMPARISON_FAILED$/ };
  const invalid = { reason: /^OAUTH_INVALID_RESPONSE$/ };
  const timestamp = { reason: /^OAUTH_JWT_TIMESTAMP_CHECK_FAILED$/, cause: 'clock-mismatch' } as const;
  const malformed = { reason: /./ };

  test.each<[string, Rejection, Readonly<Record<string, unknown>>]>([
    ['with another nonce', { ...mismatch, cause: 'token-invalid' }, { nonce: 'other' }],
    ['without a nonce', invalid, { nonce: undefined }],
    ['from another issuer', { ...mismatch, cause: 'issuer-mismatch' }, { iss: 'https://evil.example' }],
    ['without an issuer', invalid, { iss: undefined }],
    ['for another audience', mismatch, { aud: 'other' }],
    [
      'for several audiences, with another authorized party',
      { reason: /^OAUTH_/ },
      { aud: ['other', 'malicious-client'], azp: 'other' },
    ],
    ['that has expired', timestamp, { exp: now - 120 }],
    ['without an expiry', invalid, { exp: undefined }],
    ['that is not valid yet', timestamp, { nbf: now + 600 }],
    ['without an issue time', invalid, { iat: undefined }],
    ['without a subject', invalid, { sub: undefined }],
    ['whose nonce is null', { reason: /^OAUTH_/ }, { nonce: null }],
    ['whose oid is not a string', { ...malformed, cause: 'claims-invalid' }, { oid: 7 }],
    ['whose tid is not a string', malformed, { tid: [personalTenant] }],
    [
      'of a personal account',
      { reason: /^personal$/, status: 403, title: 'Work account required' },
      { tid: personalTenant },
    ],
    [
      'of a personal account, tenant id in upper case',
      { reason: /^personal$/, status: 403, title: 'Work account required' },
      { tid: personalTenant.toUpperCase() },
    ],
  ])('%s', (_, rejection, claims) => expectRejected(rejection, { claims }));

  const signedBy = (alg: string, key: Parameters<SignJWT['sign']>[0], kid?: string) => (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg, ...(kid !== undefined && { kid }) }).sign(key);
  const altered = (token: string) => `${token.slice(0, -3)}${token.at(-3) === 'A' ? 'B' : 'A'}${token.slice(-2)}`;
  const otherKey = generateKeyPair('RS256');

  test.each<[string, NonNullable<Deviation['sign']>]>([
    ['without a signature (alg none)', (claims) => new UnsecuredJWT(claims).encode()],
    ['signed with the client secret', (claims) => signedBy('HS256', Buffer.from(setup.provider.clientSecret))(claims)],
    ['signed with another key', async (claims) => signedBy('RS256', (await otherKey).privateKey)(claims)],
    [
      'signed with another key, under an unknown kid',
      async (claims) => signedBy('RS256', (await otherKey).privateKey, 'unknown')(claims),
    ],
    ['whose signature was changed', async (claims, signValid) => altered(await signValid(claims))],
    ['whose signature was removed', async (claims, signValid) => (await signValid(claims)).replace(/[^.]*$/, '')],
    [
      'whose claims were changed',
      async (claims, signValid) => {
        const [header, , signature] = (await signValid(claims)).split('.');
        return [header, Buffer.from(JSON.stringify({ ...claims, oid: 'other' })).toString('base64url'), signature].join(
          '.',
        );
      },
    ],
    ['that is not a JWT', () => 'none'],
  ])('%s', (_, sign) => expectRejected({ reason: /^OAUTH_/ }, { sign }));
});

describe('sign-in rejects a token response that', () => {
  const respond = (status: number, type: string, body: string | Buffer, more = {}): Deviation => ({
    respond: (response) => void response.writeHead(status, { 'content-type': type, ...more }).end(body),
  });
  const json = (status: number, body: object) => respond(status, 'application/json', JSON.stringify(body));
  const oversized = JSON.stringify({ error: 'invalid_grant', padding: 'x'.repeat(512 * 1024) });
  const jsonHeaders = { 'content-type': 'application/json' };

  /** Sends a space every 100 ms until the connection is closed. */
  function trickle(response: ServerResponse): void {
    response.writeHead(200, jsonHeaders);
    const timer = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(timer));
  }

  /** Sends as much as the connection takes until it is closed. */
  function flood(response: ServerResponse): void {
    const spaces = Buffer.alloc(64 * 1024, ' ');
    const write = () => {
      while (!response.destroyed && response.write(spaces));
    };
    response.writeHead(200, jsonHeaders).on('drain', write);
    write();
  }

  const unavailable = { status: 503, title: 'Sign-in unavailable', reason: /^provider-unavailable$/ } as const;

  test.each<[string, Rejection, Deviation]>([
    [
      'is the error invalid_grant',
      { reason: /^invalid_grant$/, cause: 'code-rejected' },
      json(400, { error: 'invalid_grant' }),
    ],
    [
      'says that the redirect URI is another one',
      { reason: /^invalid_grant$/, cause: 'redirect-uri-mismatch' },
      json(400, { error: 'invalid_grant', error_description: 'AADSTS500112: The reply address does not match' }),
    ],
    [
      'says that the client secret has expired',
      { ...unavailable, reason: /^invalid-client$/, cause: 'client-rejected' },
      json(401, { error: 'invalid_client', error_description: 'AADSTS7000222: The provided client secret keys' }),
    ],
    ['has no ID token', { reason: /^OAUTH_/ }, json(200, { access_token: 'a', token_type: 'Bearer' })],
    ['is an HTML page', unavailable, respond(200, 'text/html', '<h1>Welcome</h1>')],
    ['is HTML with a JSON content type', unavailable, respond(200, 'application/json', '<h1>Welcome</h1>')],
    ['is a status 500', unavailable, respond(500, 'text/plain', 'failure')],
    ['is the error temporarily_unavailable', unavailable, json(503, { error: 'temporarily_unavailable' })],
    ['is a redirect', unavailable, respond(307, 'text/plain', '', { location: '/authorize' })],
    ['is a connection reset', unavailable, { respond: (response) => void response.destroy() }],
    [
      'is the error invalid_client',
      { ...unavailable, reason: /^invalid-client$/ },
      json(401, { error: 'invalid_client' }),
    ],
    ['never arrives', unavailable, { respond: () => undefined }],
    ['never ends', unavailable, { respond: trickle }],
    ['is larger than 512 KiB', unavailable, respond(200, 'application/json', oversized)],
    [
      'is larger than 512 KiB once decompressed',
      unavailable,
      respond(200, 'application/json', gzipSync(oversized), { 'content-encoding': 'gzip' }),
    ],
    ['is endless', unavailable, { respond: flood }],
  ])('%s', (_, rejection, deviation) => expectRejected(rejection, deviation));
});

test('sign-in does not start while the discovery document is larger than 512 KiB', async () => {
  const padded = await startOpenIdServer({
    metadata: { padding: 'x'.repeat(512 * 1024) },
    onAuthorize: () => ({}),
    token: async () => ({}),
  });
  const registration = { OIDC_ISSUER: padded.issuer, OIDC_CLIENT_ID: 'id', OIDC_CLIENT_SECRET: 'secret' };
  const service = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: maliciousSecret, ...registration });
  const page = await createUserAgent(service).signIn('operator');
  expect(page.status).toBe(503);
  await Promise.all([service.stop(), padded.stop()]);
});
