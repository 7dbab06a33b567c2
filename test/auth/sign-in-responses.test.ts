import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, test } from 'vitest';
import type { Deviation } from '../support/malicious-provider.js';
import { type Rejection, useMaliciousSignIn } from '../support/malicious-sign-in.js';

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
  const timestamp = { reason: /^OAUTH_JWT_TIMESTAMP_CHECK_FAILED$/ };
  const malformed = { reason: /./ };

  test.each<[string, Rejection, Readonly<Record<string, unknown>>]>([
    ['with another nonce', mismatch, { nonce: 'other' }],
    ['without a nonce', invalid, { nonce: undefined }],
    ['from another issuer', mismatch, { iss: 'https://evil.example' }],
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
    ['whose oid is not a string', malformed, { oid: 7 }],
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
  const respond = (status: number, type: string, body: string, more = {}): Deviation => ({
    respond: (response) => void response.writeHead(status, { 'content-type': type, ...more }).end(body),
  });
  const json = (status: number, body: object) => respond(status, 'application/json', JSON.stringify(body));
  const unavailable = { status: 503, title: 'Sign-in unavailable', reason: /^provider-unavailable$/ };

  test.each<[string, Rejection, Deviation]>([
    ['is the error invalid_grant', { reason: /^invalid_grant$/ }, json(400, { error: 'invalid_grant' })],
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
  ])('%s', (_, rejection, deviation) => expectRejected(rejection, deviation));
});
