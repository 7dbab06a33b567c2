import { createServer } from 'node:http';
import * as oidc from 'openid-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';
import { Browser } from '../support/site-browser.js';

const callback = 'http://localhost:4711/auth/callback';
const graphScope = 'https://graph.microsoft.com/DeviceManagementScripts.ReadWrite.All';
const scope = `openid profile offline_access ${graphScope}`;

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const anything: unknown = expect.anything();
const withStatus503: unknown = expect.objectContaining({ status: 503 });
const aGuid: unknown = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
const anAddress: unknown = expect.stringContaining('@');

let simulator: Simulator;
let config: oidc.Configuration;
let browser: Browser;

/** The value of the first input, or the address of the first form or frame. */
const found = (html: string, pattern: RegExp) => (pattern.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');

const control = async (method: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(`${simulator.url}/simulator/identity`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return response.status === 200 ? response.json() : response.status;
};

const readGraph = (token: string) =>
  fetch(`${simulator.baseUrl}/deviceManagement/deviceShellScripts?$top=1`, {
    headers: { authorization: `Bearer ${token}` },
  });

async function authorize(wishes: Readonly<Record<string, string>> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...wishes,
  });
  return { page: await browser.open(url), checks };
}

async function signIn(person: string, wishes?: Readonly<Record<string, string>>) {
  const { page, checks } = await authorize(wishes);
  const { url } = await browser.open(page.url, { person });
  return oidc.authorizationCodeGrant(config, url, checks);
}

const refresh = (tokens: { readonly refresh_token?: string | undefined }) =>
  oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');

async function start(options: SimulatorOptions): Promise<void> {
  simulator = await startSimulator(options);
  const { issuer, clientId, clientSecret } = simulator.identity ?? { issuer: '', clientId: '', clientSecret: '' };
  config = await oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    execute: [oidc.allowInsecureRequests],
  });
  browser = new Browser();
}

beforeEach(() => start({ identity: true }));
afterEach(() => simulator.close());

describe('sign-in', () => {
  test.each([
    ['operator', ['ScriptState.ReadWrite']],
    ['reader', ['ScriptState.Read']],
    ['no-role', undefined],
  ])('the %s gets an ID token like Entra’s, with the roles %j', async (person, roles) => {
    const tokens = await signIn(person);
    const claims = tokens.claims();
    expect(claims).toMatchObject({
      iss: `${simulator.url}/identity`,
      aud: simulator.identity?.clientId,
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

  test('the page has a button for each person and one to cancel', async () => {
    const { page } = await authorize();
    expect(page.url.pathname).toMatch(/^\/identity\/interaction\/[\w-]+$/);
    expect(page.html.match(/<button [^>]*>[^<]+/g)).toHaveLength(4);
    expect(page.html).toContain('<html lang="en">');
  });

  test('cancel goes back with access_denied', async () => {
    const { page, checks } = await authorize();
    const { url } = await browser.open(page.url, { person: 'cancel' });
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.get('state')).toBe(checks.expectedState);
    expect(await control('GET')).toMatchObject({ signIns: 0 });
  });

  test('who is signed in already sees no page; prompt=login and select_account show it', async () => {
    await signIn('reader');
    const { page, checks } = await authorize();
    expect((await oidc.authorizationCodeGrant(config, page.url, checks)).claims()?.['roles']).toEqual([
      'ScriptState.Read',
    ]);
    expect((await authorize({ prompt: 'login' })).page.url.pathname).toContain('/interaction/');
    expect((await signIn('reader', { prompt: 'select_account' })).refresh_token).toBeDefined();
    expect((await authorize({ prompt: 'none' })).page.url.searchParams.get('code')).not.toBeNull();
  });

  test('another browser’s interaction, and an unknown person, are refused', async () => {
    const { page } = await authorize();
    expect(await new Browser().open(page.url, { person: 'operator' })).toMatchObject({ status: 400 });
    expect(await browser.open(page.url, { person: 'nobody' })).toMatchObject({ status: 400 });
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

  test('PKCE is required, and only S256', async () => {
    const plain = await authorize({ code_challenge_method: 'plain' });
    expect(plain.page.url.searchParams.get('error')).toBe('invalid_request');
    const url = oidc.buildAuthorizationUrl(config, { redirect_uri: callback, scope });
    expect((await browser.open(url)).url.searchParams.get('error')).toBe('invalid_request');
  });

  test('a code is good once, and only for the client’s secret', async () => {
    const { page, checks } = await authorize();
    const { url } = await browser.open(page.url, { person: 'operator' });
    const { issuer, clientId } = simulator.identity ?? { issuer: '', clientId: '' };
    const stranger = await oidc.discovery(new URL(issuer), clientId, 'wrong', undefined, {
      execute: [oidc.allowInsecureRequests],
    });
    await expect(oidc.authorizationCodeGrant(stranger, url, checks)).rejects.toMatchObject({
      cause: anything,
    });
    await oidc.authorizationCodeGrant(config, url, checks);
    await expect(oidc.authorizationCodeGrant(config, url, checks)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test.each([oidc.ClientSecretBasic, oidc.ClientSecretPost])('the secret may come by %o', async (method) => {
    const { issuer, clientId, clientSecret } = simulator.identity ?? { issuer: '', clientId: '' };
    config = await oidc.discovery(new URL(issuer), clientId, undefined, method(clientSecret), {
      execute: [oidc.allowInsecureRequests],
    });
    await expect(signIn('operator')).resolves.toBeDefined();
  });

  test('without offline_access there is no refresh token', async () => {
    expect((await signIn('operator', { scope: `openid ${graphScope}` })).refresh_token).toBeUndefined();
  });
});

describe('refresh', () => {
  test('rotates the token; a used one is refused and revokes its chain', async () => {
    const first = await signIn('operator');
    const second = await refresh(first);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.claims()).toMatchObject({ roles: ['ScriptState.ReadWrite'], sid: first.claims()?.['sid'] });
    expect((await readGraph(second.access_token)).status).toBe(200);
    await expect(refresh(first)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    await expect(refresh(second)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await control('GET')).toEqual({ refreshes: 3, codeGrants: 1, signIns: 1 });
  });

  test('fails on demand, and the token is good afterwards', async () => {
    const tokens = await signIn('operator');
    await control('PATCH', { refresh: 'invalid_grant' });
    await expect(refresh(tokens)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
    await control('PATCH', { refresh: 'invalid_client' });
    await expect(refresh(tokens)).rejects.toMatchObject({ cause: anything });
    await control('PATCH', { refresh: 'unavailable' });
    await expect(refresh(tokens)).rejects.toMatchObject({ cause: withStatus503 });
    expect(await control('GET')).toMatchObject({ refreshes: 3 });
    expect(await control('DELETE')).toBe(204);
    expect(await control('GET')).toEqual({ refreshes: 0, codeGrants: 0, signIns: 0 });
    await expect(refresh(tokens)).resolves.toBeDefined();
  });

  test('never answers on demand, and the simulator still closes', async () => {
    const tokens = await signIn('operator');
    await control('PATCH', { refresh: 'stall' });
    const settled = vi.fn<() => void>();
    const refreshed = refresh(tokens).finally(settled);
    const outcome = expect(refreshed).rejects.toThrow();
    await expect.poll(() => control('GET')).toMatchObject({ refreshes: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(settled).not.toHaveBeenCalled();
    await simulator.close();
    await outcome;
  });

  test('code grants fail on demand of their own', async () => {
    await control('PATCH', { token: 'unavailable' });
    await expect(signIn('operator')).rejects.toMatchObject({ cause: withStatus503 });
    await control('PATCH', { token: 'ok' });
    browser = new Browser();
    await expect(signIn('operator')).resolves.toBeDefined();
    expect(await control('GET')).toEqual({ refreshes: 0, codeGrants: 2, signIns: 2 });
  });
});

describe('access tokens', () => {
  test('end when they are said to', async () => {
    expect(await control('PATCH', { accessTokenSeconds: 1 })).toEqual({
      accessTokenSeconds: 1,
      refresh: 'ok',
      token: 'ok',
    });
    const tokens = await signIn('operator');
    expect(tokens.expires_in).toBe(1);
    expect((await readGraph(tokens.access_token)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const answer = await readGraph(tokens.access_token);
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('expired')]);
  });

  test('a claims challenge stays until the person signs in with its claims', async () => {
    const first = await signIn('operator');
    await fetch(`${simulator.url}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fault: 'claims-challenge' }),
    });
    const challenged = await readGraph(first.access_token);
    const encoded = /claims="([^"]+)"/.exec(challenged.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    const claims = Buffer.from(encoded, 'base64').toString();
    const refreshed = await refresh(first);
    expect((await readGraph(refreshed.access_token)).status).toBe(401);
    const { page, checks } = await authorize({ claims });
    const second = await oidc.authorizationCodeGrant(config, page.url, checks);
    expect((await readGraph(second.access_token)).status).toBe(200);
    expect((await readGraph((await refresh(second)).access_token)).status).toBe(200);
    expect((await readGraph((await refresh(refreshed)).access_token)).status).toBe(401);
  });

  test('claims that are no JSON object are an invalid request', async () => {
    expect((await authorize({ claims: 'no' })).page.url.searchParams.get('error')).toBe('invalid_request');
  });
});

describe('the end of the session', () => {
  const leave = async (wishes: Readonly<Record<string, string>>) => {
    const { html } = await browser.open(oidc.buildEndSessionUrl(config, wishes));
    const done = await browser.open(found(html, /action="([^"]+)"/), {
      xsrf: found(html, /name="xsrf" value="([^"]+)"/),
      logout: 'yes',
    });
    return { html, done };
  };

  test('tells the clients in frames and goes back; then the login page is there again', async () => {
    const tokens = await signIn('operator');
    const { html, done } = await leave({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://localhost:4711/',
      state: 'kept',
    });
    const frame = new URL(found(html, /<iframe [^>]*src="([^"]+)"/));
    expect(frame.origin + frame.pathname).toBe('http://localhost:4711/auth/front-channel-sign-out');
    expect(Object.fromEntries(frame.searchParams)).toEqual({
      iss: simulator.identity?.issuer,
      sid: tokens.claims()?.['sid'],
    });
    expect(done.url.href).toBe('http://localhost:4711/?state=kept');
    expect((await authorize()).page.url.pathname).toContain('/interaction/');
  });

  test('refuses to go back to a foreign origin', async () => {
    await signIn('operator');
    const url = oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: 'https://evil.example/' });
    expect((await browser.open(url)).status).toBe(400);
  });

  test('works without a client, and without a session', async () => {
    await signIn('operator');
    const url = `${simulator.url}/identity/session/end`;
    const { html } = await browser.open(url);
    const { html: page } = await browser.open(found(html, /action="([^"]+)"/), {
      xsrf: found(html, /name="xsrf" value="([^"]+)"/),
      logout: 'yes',
    });
    expect(page).toContain('You are signed out');
    expect((await browser.open(url)).status).toBe(200);
  });
});

describe('the provider', () => {
  test('says nothing on the console', async () => {
    const said = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    await simulator.close();
    await start({ identity: true });
    const tokens = await signIn('operator');
    await refresh(tokens);
    await browser.open(`${simulator.url}/identity/nowhere`);
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test('is not there unless asked for', async () => {
    await simulator.close();
    simulator = await startSimulator();
    expect(simulator.identity).toBeUndefined();
    expect((await fetch(`${simulator.url}/simulator/identity`)).status).toBe(404);
    expect((await fetch(`${simulator.url}/identity/.well-known/openid-configuration`)).status).not.toBe(200);
  });

  test('refuses settings that it does not know', async () => {
    expect(await control('PATCH', { refresh: 'sometimes' })).toBe(400);
    expect(await control('PATCH', { accessTokenSeconds: 0 })).toBe(400);
  });

  test('leaves no port open when another start holds it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await expect.poll(() => holder.listening).toBe(true);
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(startSimulator({ identity: true, port: port ?? 0 })).rejects.toThrow('EADDRINUSE');
    holder.close();
  });
});
