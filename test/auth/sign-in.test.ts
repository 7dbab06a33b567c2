import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.js';
import { createControls } from '../support/simulator.js';
import type { Page } from '../support/site-browser.js';
import { oneState } from '../support/states.js';
import { type Visitor, visit } from '../support/visitor.js';

const secret = 'canary-session-secret-of-32-characters';
const listing = { scriptKind: 'deviceShellScript' };
const target = { ...listing, scriptId: 'any', userStateId: 'any' };
const update = { ...target, patch: { successDeviceCount: 1 } };

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: secret, LOG_LEVEL: 'trace' });
});
afterAll(() => service.stop());

const requestId = ({ headers }: Page) => ({ requestId: headers['x-request-id'], log: 'audit' });
/** The last answer of the service to a path. */
const answerOf = ({ browser, origin }: Visitor, path: string) =>
  browser.history.findLast(({ url }) => url.origin === origin && url.pathname === path);

describe('signed in,', () => {
  test.each([
    ['operator', 'Olga Operator', ['reader', 'operator'], 200, { status: 404, reason: 'GRAPH_NOT_FOUND' }],
    ['reader', 'Ravi Reader', ['reader'], 200, { status: 403, reason: 'ROLE_MISSING' }],
    ['no-role', 'Nora Norole', [], 403, { status: 403, reason: 'ROLE_MISSING' }],
  ])('the person %s may do what their roles allow', async (person, name, roles, read, written) => {
    const visitor = visit(service);
    const page = await visitor.signIn(person, '?returnTo=/readyz');
    expect(page.status).toBe(roles.length > 0 ? 200 : 403);
    expect(page.url.pathname).toBe(roles.length > 0 ? '/readyz' : '/auth/callback');
    expect(await visitor.call('session.current')).toMatchObject({
      data: { user: { name }, roles, graph: 'simulator' },
    });
    expect(await visitor.call('script.list', listing)).toMatchObject({ status: read });
    const write = await visitor.call('scriptUserState.update', update);
    expect(write).toMatchObject(written);
    const refused = service.lines({ ...requestId(write.page), event: 'refused', action: 'scriptUserState.update' });
    expect(refused.map(({ reason }) => reason)).toEqual(written.status === 403 ? ['ROLE_MISSING'] : []);
    const audited = service.lines(requestId(answerOf(visitor, '/auth/callback') ?? page));
    expect(audited).toEqual([
      expect.objectContaining({ event: 'sign-in', oid: expect.stringMatching(/^5a1b/) as unknown }),
    ]);
  });

  test('the operator’s write is applied', async () => {
    const visitor = visit(service);
    await visitor.signIn('operator');
    const headers = { 'x-csrf': '1', cookie: visitor.cookies().join('; ') };
    const { createTRPCClient, httpLink } = await import('@trpc/client');
    const client: TestService['client'] = createTRPCClient({
      links: [httpLink({ url: `${service.address}/trpc`, headers })],
    });
    const known = await oneState({ ...service, client });
    const answer = await visitor.call('scriptUserState.update', { ...known.target, patch: { errorDeviceCount: 77 } });
    expect(answer).toMatchObject({ status: 200, data: { errorDeviceCount: 77 } });
  });
});

test.each([
  ['/readyz', '/readyz'],
  ['/readyz?a=1%26b=//c', '/readyz?a=1&b=//c'],
  ['%2Freadyz%3Fa%3D1%23part', '/readyz?a=1#part'],
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
])('after signing in with returnTo=%s, the browser is at %s', async (returnTo, expected) => {
  const visitor = visit(service);
  await visitor.signIn('reader', `?returnTo=${returnTo}`);
  const answer = answerOf(visitor, '/auth/callback');
  expect(answer).toMatchObject({ status: 303, headers: { location: expected } });
  expect(answer?.setCookies).toHaveLength(2);
});

test('what a client says of itself changes nothing', async () => {
  const said = {
    authorization: 'Bearer canary-authorization',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-user': 'operator',
    'x-user-id': 'operator',
    'x-user-roles': 'ScriptState.ReadWrite',
  };
  const visitor = visit(service);
  expect(await visitor.call('script.list', listing, said)).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
  const begun = await visitor.browser.send(`${visitor.origin}/auth/sign-in`, { headers: said });
  expect(begun.headers['location']).toContain(encodeURIComponent(`${visitor.origin}/auth/callback`));
  expect(begun.setCookies.join()).not.toContain('Secure');
  await visitor.signIn('reader');
  expect(await visitor.call('scriptUserState.update', update, said)).toMatchObject({ reason: 'ROLE_MISSING' });
});

function expectPage({ html, headers }: Page): void {
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(html).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<a href="\/[^"]*">[^<]+<\/a>/);
  expect(html.match(/<h1>/g)).toHaveLength(1);
  expect(html).not.toMatch(/<script|style=/);
}

test.each([
  ['cancel', 400, 'sign-in-refused'],
  ['no-role', 403, 'sign-in'],
])('who comes back as %s gets a page, %i', async (person, status, event) => {
  const page = await visit(service).signIn(person);
  expect(page.status).toBe(status);
  expectPage(page);
  expect(service.lines({ ...requestId(page), event })).toHaveLength(1);
});

test('while the provider is down, there is a page, and everything else goes on', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  const provider = { OIDC_ISSUER: `http://127.0.0.1:${port}`, OIDC_CLIENT_ID: 'id', OIDC_CLIENT_SECRET: 'secret' };
  const alone = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: secret, ...provider });
  const visitor = visit(alone);
  for (const _ of [1, 2]) {
    const page = await visitor.signIn('operator');
    expect(page.status).toBe(503);
    expectPage(page);
    expect(visitor.cookies()).toEqual([]);
    expect(alone.lines({ ...requestId(page), event: 'sign-in-refused' })).toHaveLength(1);
  }
  expect(await visitor.call('session.current')).toMatchObject({ status: 401 });
  expect((await visitor.browser.open(`${visitor.origin}/readyz`)).status).toBe(200);
  expect(await createControls(alone.simulatorUrl?.origin ?? '').journal()).toEqual([]);
  await alone.stop();
});
