import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { clientWith } from '../support/clients.js';
import type { Page } from '../support/cookie-client.js';
import { startTestService, useService } from '../support/service.js';
import { oneState } from '../support/states.js';
import { createUserAgent, type UserAgent } from '../support/user-agent.js';

const secret = 'canary-session-secret-of-32-characters';
const listing = { scriptKind: 'deviceShellScript' };
const target = { ...listing, scriptId: 'any', userStateId: 'any' };
const update = { ...target, patch: { successDeviceCount: 1 } };

const service = useService({ SIGN_IN: 'oidc', SESSION_SECRET: secret, LOG_LEVEL: 'trace' });

const auditOf = ({ headers }: Page) => ({ requestId: headers['x-request-id'], log: 'audit' });
/** The service's last response to a path. */
const responseTo = ({ browser, origin }: UserAgent, path: string) =>
  browser.history.findLast(({ url }) => url.origin === origin && url.pathname === path);

describe('after sign-in', () => {
  test.each([
    ['operator', 'Olga Operator', ['reader', 'operator'], 200, { status: 404, reason: 'GRAPH_NOT_FOUND' }],
    ['reader', 'Ravi Reader', ['reader'], 200, { status: 403, reason: 'ROLE_MISSING' }],
    ['no-role', 'Nora Norole', [], 403, { status: 403, reason: 'ROLE_MISSING' }],
  ])('the account %s can do what its roles allow', async (account, name, roles, read, written) => {
    const agent = createUserAgent(service);
    const page = await agent.signIn(account, '?returnTo=/readyz');
    expect(page.status).toBe(roles.length > 0 ? 200 : 403);
    expect(page.url.pathname).toBe(roles.length > 0 ? '/readyz' : '/auth/callback');
    expect(await agent.call('session.current')).toMatchObject({
      data: { user: { name }, roles, graph: 'simulator' },
    });
    expect(await agent.call('script.list', listing)).toMatchObject({ status: read });
    const write = await agent.call('scriptUserState.update', update);
    expect(write).toMatchObject(written);
    const rejected = service.lines({ ...auditOf(write.page), event: 'refused', action: 'scriptUserState.update' });
    expect(rejected.map(({ reason }) => reason)).toEqual(written.status === 403 ? ['ROLE_MISSING'] : []);
    const audited = service.lines(auditOf(responseTo(agent, '/auth/callback') ?? page));
    expect(audited).toEqual([
      expect.objectContaining({ event: 'sign-in', oid: expect.stringMatching(/^5a1b/) as unknown }),
    ]);
  });

  test('an operator can write', async () => {
    const agent = createUserAgent(service);
    await agent.signIn('operator');
    const known = await oneState({ client: clientWith(service, () => agent.cookies()) });
    const response = await agent.call('scriptUserState.update', { ...known.target, patch: { errorDeviceCount: 77 } });
    expect(response).toMatchObject({ status: 200, data: { errorDeviceCount: 77 } });
  });
});

test.each([
  ['/readyz', '/readyz'],
  ['/readyz?a=1%26b=//c', '/readyz?a=1&b=//c'],
  ['%2Freadyz%3Fa%3D1%23part', '/readyz?a=1#part'],
  [
    '/scripts/deviceShellScript/0f0e0d0c-0000-4000-8000-000000000001?view=errors%26find=maria',
    '/scripts/deviceShellScript/0f0e0d0c-0000-4000-8000-000000000001?view=errors&find=maria',
  ],
  ['/people/0f0e0d0c-0000-4000-8000-000000000002', '/people/0f0e0d0c-0000-4000-8000-000000000002'],
  ['', '/'],
  ['readyz', '/'],
  [`/${'x'.repeat(3000)}`, '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/%2fevil.example', '/'],
  ['/%5cevil.example', '/'],
  ['/%252fevil.example', '/'],
  ['/%255cevil.example', '/'],
  ['/%0d%0aset-cookie:a=b', '/'],
  ['/%250d%250aset-cookie:a=b', '/'],
  ['/%09/evil.example', '/'],
  ['/..//evil.example', '/'],
  ['/.%2f/evil.example', '/'],
  ['https://evil.example/', '/'],
  ['https:evil.example', '/'],
  ['javascript:alert(1)', '/'],
])('sign-in with returnTo=%s redirects to %s', async (returnTo, expected) => {
  const agent = createUserAgent(service);
  await agent.signIn('reader', `?returnTo=${returnTo}`);
  const response = responseTo(agent, '/auth/callback');
  expect(response).toMatchObject({ status: 303, headers: { location: expected } });
  expect(response?.setCookies).toHaveLength(2);
});

test('identity and forwarding headers from the client are ignored', async () => {
  const headers = {
    authorization: 'Bearer canary-authorization',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-user': 'operator',
    'x-user-id': 'operator',
    'x-user-roles': 'ScriptState.ReadWrite',
  };
  const agent = createUserAgent(service);
  expect(await agent.call('script.list', listing, headers)).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
  const redirect = await agent.browser.send(`${agent.origin}/auth/sign-in`, { headers });
  expect(redirect.headers['location']).toContain(encodeURIComponent(`${agent.origin}/auth/callback`));
  expect(redirect.setCookies.join()).not.toContain('Secure');
  await agent.signIn('reader');
  expect(await agent.call('scriptUserState.update', update, headers)).toMatchObject({ reason: 'ROLE_MISSING' });
});

function expectPage({ html, headers }: Page): void {
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(html).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<a href="\/[^"]*">[^<]+<\/a>/);
  expect(html.match(/<h1>/g)).toHaveLength(1);
  expect(html).not.toMatch(/<script|style=/);
}

describe('claims', () => {
  const change = (claims: Readonly<Record<string, unknown>>) =>
    service.simulator.identitySettings({ claims: { operator: claims } });
  afterEach(() => service.simulator.identitySettings({ claims: {} }));
  const optional = { name: null, preferred_username: null, login_hint: null, groups: null, tid: null };

  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    ['roles in one string', { roles: 'ScriptState.Read' }, { roles: ['reader'] }],
    ['several roles in one string', { roles: 'Other ScriptState.ReadWrite' }, { roles: ['reader', 'operator'] }],
    ['a role that only starts like one', { roles: 'ScriptState.ReadOnly' }, { roles: [] }],
    ['no roles', { roles: null }, { roles: [] }],
    ['optional claims that are null', optional, { roles: ['reader', 'operator'], user: { name: '', username: null } }],
    ['no name', { name: null }, { user: { name: expect.stringMatching(/^olga\.operator@/) as unknown } }],
    ['an oid that is null', { oid: null }, { user: { oid: 'Jm3d1XoTqv-operator' } }],
  ])('can be %s', async (_, claims, session) => {
    await change(claims);
    const agent = createUserAgent(service);
    await agent.signIn('operator');
    expect(await agent.call('session.current')).toMatchObject({ status: 200, data: session });
  });
});

test('session.current reports who is signed in, until when, and the version of the service', async () => {
  const agent = createUserAgent(service);
  await agent.signIn('reader');
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const { data } = await agent.call('session.current');
  expect(data).toEqual({
    user: {
      oid: expect.any(String) as unknown,
      name: 'Ravi Reader',
      username: expect.stringMatching(/^ravi/) as unknown,
    },
    roles: ['reader'],
    expiresAt: expect.any(String) as unknown,
    idleExpiresAt: expect.any(String) as unknown,
    graph: 'simulator',
    durableJobs: false,
    version,
  });
  const { expiresAt, idleExpiresAt } = data as { expiresAt: string; idleExpiresAt: string };
  const [absolute, idle] = [Date.parse(expiresAt) - Date.now(), Date.parse(idleExpiresAt) - Date.now()];
  expect(absolute).toBeGreaterThan(11.9 * 3_600_000);
  expect(idle).toBeGreaterThan(0);
  expect(idle).toBeLessThanOrEqual(3_600_000);
});

describe('the page of an account without a role', () => {
  test('names the account, and offers to use another one', async () => {
    const agent = createUserAgent(service);
    const page = await agent.signIn('no-role', '?returnTo=/readyz');
    expect(page.html).toMatch(/<bdi>Nora Norole<\/bdi> \(<bdi>nora\.norole@[^<]+<\/bdi>\)/);
    const link = /href="([^"]*)">Sign in with another account</.exec(page.html)?.[1]?.replaceAll('&#38;', '&') ?? '';
    const login = await agent.browser.open(new URL(link, agent.origin));
    // The provider's own session would otherwise sign in the same account again.
    expect(login.url.pathname).toContain('/interaction/');
    // The provider first ends its own session, by a form that a script submits.
    const { html } = await agent.browser.open(login.url, { person: 'reader' });
    const [, action = '', xsrf = ''] = /action="([^"]+)"[\s\S]*name="xsrf" value="([^"]+)"/.exec(html) ?? [];
    expect((await agent.browser.open(action, { xsrf, logout: 'yes' })).url.pathname).toBe('/readyz');
    expect(await agent.call('session.current')).toMatchObject({ data: { user: { name: 'Ravi Reader' } } });
  });

  test('escapes the name', async () => {
    await service.simulator.identitySettings({ claims: { 'no-role': { name: '<b>"x"</b>&\u202e' } } });
    const page = await createUserAgent(service).signIn('no-role');
    await service.simulator.identitySettings({ claims: {} });
    expect(page.html).toContain('<bdi>&#60;b&#62;&#34;x&#34;&#60;/b&#62;&#38;\u202e</bdi>');
  });

  test.each(['none', 'login', 'select_account login', 'consent'])(
    'no other prompt is passed on: %s',
    async (prompt) => {
      const query = new URLSearchParams({ prompt }).toString();
      const agent = createUserAgent(service);
      const { headers } = await agent.browser.send(`${agent.origin}/auth/sign-in?${query}`);
      expect(String(headers['location'])).not.toContain('prompt');
    },
  );
});

test.each([
  ['cancel', 400, 'sign-in-refused'],
  ['no-role', 403, 'sign-in'],
])('the account %s gets a page with status %i', async (account, status, event) => {
  const page = await createUserAgent(service).signIn(account);
  expect(page.status).toBe(status);
  expectPage(page);
  expect(service.lines({ ...auditOf(page), event })).toHaveLength(1);
});

test('while the provider is unreachable, sign-in shows a page, and the rest of the service works', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  const provider = { OIDC_ISSUER: `http://127.0.0.1:${port}`, OIDC_CLIENT_ID: 'id', OIDC_CLIENT_SECRET: 'secret' };
  const isolated = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: secret, ...provider });
  const agent = createUserAgent(isolated);
  for (const _ of [1, 2]) {
    const page = await agent.signIn('operator');
    expect(page.status).toBe(503);
    expectPage(page);
    expect(agent.cookies()).toEqual([]);
    expect(isolated.lines({ ...auditOf(page), event: 'sign-in-refused' })).toHaveLength(1);
  }
  expect(await agent.call('session.current')).toMatchObject({ status: 401 });
  expect((await agent.browser.open(`${agent.origin}/readyz`)).status).toBe(200);
  expect(await isolated.simulator.journal()).toEqual([]);
  await isolated.stop();
});
