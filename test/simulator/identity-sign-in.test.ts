import * as oidc from 'openid-client';
import { expect, test } from 'vitest';
import { CookieClient } from '../support/cookie-client.js';
import { graphScope, redirectUri, useIdentityClient } from '../support/identity-client.js';

const client = useIdentityClient();
const { authorize, control, discover, readGraph, signIn } = client;

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const anything: unknown = expect.anything();
const aGuid: unknown = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
const anAddress: unknown = expect.stringContaining('@');

test.each([
  ['operator', ['ScriptState.ReadWrite']],
  ['reader', ['ScriptState.Read']],
  ['no-role', undefined],
])('the ID token of the %s has Entra’s claims and the roles %j', async (person, roles) => {
  const tokens = await signIn(person);
  const claims = tokens.claims();
  expect(claims).toMatchObject({
    iss: `${client.simulator.url}/identity`,
    aud: client.simulator.identity?.clientId,
    oid: aGuid,
    tid: '5a1b0000-0000-4000-8000-000000007e4a',
    name: aString,
    preferred_username: anAddress,
    sid: aString,
    login_hint: aString,
  });
  expect(claims?.['roles']).toEqual(roles);
  expect(claims?.sub).not.toBe(claims?.['oid']);
  expect(tokens.refresh_token).toEqual(aString);
  expect(tokens.expiresIn()).toBeGreaterThan(3590);
  expect((await readGraph(tokens.access_token)).status).toBe(200);
  expect(await control('GET')).toEqual({ refreshes: 0, codeGrants: 1, signIns: 1 });
});

test('the login page has a button for each user and one to cancel', async () => {
  const { page } = await authorize();
  expect(page.url.pathname).toMatch(/^\/identity\/interaction\/[\w-]+$/);
  expect(page.html.match(/<button [^>]*>[^<]+/g)).toHaveLength(4);
  expect(page.html).toContain('<html lang="en">');
});

test('cancel redirects with access_denied', async () => {
  const { page, checks } = await authorize();
  const { url } = await client.browser.open(page.url, { person: 'cancel' });
  expect(url.searchParams.get('error')).toBe('access_denied');
  expect(url.searchParams.get('state')).toBe(checks.expectedState);
  expect(await control('GET')).toMatchObject({ signIns: 0 });
});

test('a signed-in user sees no login page, except with prompt=login or select_account', async () => {
  await signIn('reader');
  const { page, checks } = await authorize();
  expect((await oidc.authorizationCodeGrant(client.config, page.url, checks)).claims()?.['roles']).toEqual([
    'ScriptState.Read',
  ]);
  expect((await authorize({ prompt: 'login' })).page.url.pathname).toContain('/interaction/');
  expect((await signIn('reader', { prompt: 'select_account' })).refresh_token).toBeDefined();
  expect((await authorize({ prompt: 'none' })).page.url.searchParams.get('code')).not.toBeNull();
});

test('the interaction of another browser and an unknown user are rejected', async () => {
  const { page } = await authorize();
  expect(await new CookieClient().open(page.url, { person: 'operator' })).toMatchObject({ status: 400 });
  expect(await client.browser.open(page.url, { person: 'nobody' })).toMatchObject({ status: 400 });
});

test.each([
  ['https://localhost/auth/callback', true],
  ['http://127.0.0.1:5000/auth/callback', true],
  ['http://[::1]:5000/auth/callback', true],
  ['http://localhost:5000/other', false],
  ['http://localhost.evil.example/auth/callback', false],
  ['http://localhost@evil.example/auth/callback', false],
  ['https://evil.example/auth/callback', false],
])('the redirect URI %s is accepted: %s', async (redirect_uri, accepted) => {
  const { page } = await authorize({ redirect_uri });
  expect(page.url.pathname.includes('/interaction/')).toBe(accepted);
  expect(page.status).toBe(accepted ? 200 : 400);
});

test('PKCE is required, with S256', async () => {
  const plain = await authorize({ code_challenge_method: 'plain' });
  expect(plain.page.url.searchParams.get('error')).toBe('invalid_request');
  const url = oidc.buildAuthorizationUrl(client.config, { redirect_uri: redirectUri, scope: `openid ${graphScope}` });
  expect((await client.browser.open(url)).url.searchParams.get('error')).toBe('invalid_request');
});

test('a code is valid once, and only with the client’s secret', async () => {
  const { page, checks } = await authorize();
  const { url } = await client.browser.open(page.url, { person: 'operator' });
  const wrongSecret = await discover('wrong');
  await expect(oidc.authorizationCodeGrant(wrongSecret, url, checks)).rejects.toMatchObject({
    cause: anything,
  });
  await oidc.authorizationCodeGrant(client.config, url, checks);
  await expect(oidc.authorizationCodeGrant(client.config, url, checks)).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test.each([oidc.ClientSecretBasic, oidc.ClientSecretPost])('the client can authenticate with %o', async (method) => {
  const { clientSecret } = client.simulator.identity ?? {};
  client.config = await discover(undefined, method(clientSecret));
  await expect(signIn('operator')).resolves.toBeDefined();
});

test('without offline_access there is no refresh token', async () => {
  expect((await signIn('operator', { scope: `openid ${graphScope}` })).refresh_token).toBeUndefined();
});
