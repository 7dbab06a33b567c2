import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import type { Deviation } from '../support/malicious-provider.js';
import { type MaliciousSignIn, type Refused, startMaliciousSignIn } from '../support/malicious-sign-in.js';

const personalTenant = '9188040d-6c67-4c5b-b112-36a304b66dad';

let rogue: MaliciousSignIn;

beforeAll(async () => {
  rogue = await startMaliciousSignIn();
});
afterEach(() => rogue.reset());
afterAll(() => rogue.stop());

async function expectRefused(refused: Refused, deviation: Deviation): Promise<void> {
  const visitor = rogue.visitor();
  const callback = await rogue.begin(visitor);
  rogue.provider.deviate(deviation);
  await rogue.expectRefused(visitor, callback, refused);
}

describe('an ID token is refused', () => {
  const now = Math.floor(Date.now() / 1000);
  const wrong = { reason: /^OAUTH_JWT_CLAIM_COMPARISON_FAILED$/ };
  const bad = { reason: /^OAUTH_INVALID_RESPONSE$/ };
  const old = { reason: /^OAUTH_JWT_TIMESTAMP_CHECK_FAILED$/ };
  const malformed = { reason: /./ };

  test.each<[string, Refused, Readonly<Record<string, unknown>>]>([
    ['with another nonce', wrong, { nonce: 'other' }],
    ['without a nonce', bad, { nonce: undefined }],
    ['of another issuer', wrong, { iss: 'https://evil.example' }],
    ['without an issuer', bad, { iss: undefined }],
    ['for another audience', wrong, { aud: 'other' }],
    [
      'for several, of whom another is the party',
      { reason: /^OAUTH_/ },
      { aud: ['other', 'rogue-client'], azp: 'other' },
    ],
    ['that has expired', old, { exp: now - 120 }],
    ['that never expires', bad, { exp: undefined }],
    ['that is not good yet', old, { nbf: now + 600 }],
    ['that was issued at no time', bad, { iat: undefined }],
    ['of nobody', bad, { sub: undefined }],
    ['whose oid is no text', malformed, { oid: 7 }],
    ['whose tid is no text', malformed, { tid: [personalTenant] }],
    [
      'of a personal account',
      { reason: /^personal$/, status: 403, title: 'This is for work accounts' },
      { tid: personalTenant },
    ],
    [
      'of a personal account in capitals',
      { reason: /^personal$/, status: 403, title: 'This is for work accounts' },
      { tid: personalTenant.toUpperCase() },
    ],
  ])('%s', (_, refused, claims) => expectRefused(refused, { claims }));

  const signedBy = (alg: string, key: Parameters<SignJWT['sign']>[0], kid?: string) => (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg, ...(kid !== undefined && { kid }) }).sign(key);
  const altered = (token: string) => `${token.slice(0, -3)}${token.at(-3) === 'A' ? 'B' : 'A'}${token.slice(-2)}`;
  const stranger = generateKeyPair('RS256');

  test.each<[string, NonNullable<Deviation['sign']>]>([
    ['that nobody signed', (claims) => new UnsecuredJWT(claims).encode()],
    [
      'that is signed with the client secret',
      (claims) => signedBy('HS256', Buffer.from(rogue.provider.clientSecret))(claims),
    ],
    ['that a stranger signed', async (claims) => signedBy('RS256', (await stranger).privateKey)(claims)],
    ['that an unknown key signed', async (claims) => signedBy('RS256', (await stranger).privateKey, 'unknown')(claims)],
    ['whose signature is altered', async (claims, good) => altered(await good(claims))],
    ['whose signature is left out', async (claims, good) => (await good(claims)).replace(/[^.]*$/, '')],
    [
      'whose claims are altered',
      async (claims, good) => {
        const [header, , signature] = (await good(claims)).split('.');
        return [header, Buffer.from(JSON.stringify({ ...claims, oid: 'other' })).toString('base64url'), signature].join(
          '.',
        );
      },
    ],
    ['that is none', () => 'none'],
  ])('%s', (_, sign) => expectRefused({ reason: /^OAUTH_/ }, { sign }));
});

describe('the provider’s answer is refused that', () => {
  const said = (status: number, type: string, body: string, more = {}): Deviation => ({
    answer: (response) => void response.writeHead(status, { 'content-type': type, ...more }).end(body),
  });
  const json = (status: number, body: object) => said(status, 'application/json', JSON.stringify(body));
  const away = { status: 503, title: 'Sign-in is not available', reason: /^provider-unavailable$/ };

  test.each<[string, Refused, Deviation]>([
    ['says that the code is not good', { reason: /^invalid_grant$/ }, json(400, { error: 'invalid_grant' })],
    ['has no ID token', { reason: /^OAUTH_/ }, json(200, { access_token: 'a', token_type: 'Bearer' })],
    ['is a page', away, said(200, 'text/html', '<h1>Welcome</h1>')],
    ['only says that it is JSON', away, said(200, 'application/json', '<h1>Welcome</h1>')],
    ['is a failure', away, said(500, 'text/plain', 'failure')],
    ['says that it is away', away, json(503, { error: 'temporarily_unavailable' })],
    ['leads elsewhere', away, said(307, 'text/plain', '', { location: '/authorize' })],
    ['is a reset', away, { answer: (response) => void response.destroy() }],
    ['refuses the service', { ...away, reason: /^invalid-client$/ }, json(401, { error: 'invalid_client' })],
    ['never comes', away, { answer: () => undefined }],
  ])('%s', (_, refused, deviation) => expectRefused(refused, deviation));
});
