import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSealer } from '../../src/seal.js';
import { maliciousTokens } from '../support/malicious-provider.js';
import { listing, maliciousSecret, type Rejection, useMaliciousSignIn } from '../support/malicious-sign-in.js';
import type { UserAgent } from '../support/user-agent.js';

const setup = useMaliciousSignIn();
afterEach(() => void vi.useRealTimers());

test('a valid response signs in, and no code, token, cookie or secret is logged or sent to the browser', async () => {
  const { provider, service, simulator } = setup;
  const agent = setup.createUserAgent();
  const callback = await setup.start(agent);
  expect((await agent.browser.open(callback)).url.pathname).toBe('/');
  expect(await agent.call('script.list', listing)).toMatchObject({ status: 200 });
  expect(await agent.call('session.current')).toMatchObject({ data: { user: { oid: 'object-id' } } });
  expect(await simulator.journal()).toHaveLength(1);

  const { history } = agent.browser;
  const parameters = ['code', 'state', 'nonce'].map((name) =>
    history.map(({ url }) => url.searchParams.get(name)).find((value) => value !== null),
  );
  const cookies = history.flatMap(({ setCookies }) => setCookies.map((line) => /=([^;]+)/.exec(line)?.[1]));
  const tokens = [...provider.idTokens, ...Object.values(maliciousTokens), provider.clientSecret, maliciousSecret];
  const canaries = [...parameters, ...cookies, ...tokens].map(String).filter((canary) => canary.length > 12);
  expect(new Set(canaries).size).toBeGreaterThanOrEqual(9);
  expect(canaries.filter((canary) => service.logged.some((line) => line.includes(canary)))).toEqual([]);
  const responses = history.filter(({ url }) => url.origin === agent.origin).map((page) => JSON.stringify(page));
  expect(tokens.filter((token) => responses.some((response) => response.includes(token)))).toEqual([]);
});

const set = (url: URL, name: string, value: string): URL => {
  const next = new URL(url);
  next.searchParams.set(name, value);
  return next;
};
const without = (url: URL, name: string): URL => {
  const next = new URL(url);
  next.searchParams.delete(name);
  return next;
};

describe('sign-in rejects a callback that', () => {
  const invalid = { reason: /^OAUTH_INVALID_RESPONSE$/ };
  const unmatched = { reason: /^no-transaction$/, keepsTransaction: true };

  test.each<[string, Rejection, (callback: URL) => URL]>([
    ['has another state', unmatched, (url) => set(url, 'state', 'other')],
    ['has no state', unmatched, (url) => without(url, 'state')],
    ['has two states', invalid, (url) => new URL(`${url.href}&state=other`)],
    ['has no code', invalid, (url) => without(url, 'code')],
    ['has two codes', invalid, (url) => new URL(`${url.href}&code=other`)],
    ['has an unknown code', { reason: /^invalid_grant$/, cause: 'code-rejected' }, (url) => set(url, 'code', 'other')],
    [
      'reports that the scope is rejected',
      { reason: /^invalid_scope$/, cause: 'scope-rejected' },
      (url) => set(without(url, 'code'), 'error', 'invalid_scope'),
    ],
    ['names another issuer', invalid, (url) => set(url, 'iss', 'https://evil.example')],
    ['names no issuer', invalid, (url) => without(url, 'iss')],
    ['has an error with another state', unmatched, (url) => set(set(url, 'error', 'access_denied'), 'state', 'other')],
    ['has an unknown error code', { reason: /^unknown$/ }, (url) => set(without(url, 'code'), 'error', 'unknown')],
    [
      'has a malformed error code',
      { reason: /^unreadable$/ },
      (url) => set(without(url, 'code'), 'error', 'canary code\r\n<b>'),
    ],
    [
      'reports that the user cancelled',
      { reason: /^access_denied$/, title: 'Sign-in cancelled' },
      (url) => set(without(url, 'code'), 'error', 'access_denied'),
    ],
  ])('%s', async (_, rejection, change) => {
    const agent = setup.createUserAgent();
    await setup.expectRejected(agent, change(await setup.start(agent)), rejection);
  });

  test('has a code that the provider has issued to another client', async () => {
    const agent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const request = new URL(`${setup.provider.issuer}/authorize`);
    request.search = new URLSearchParams({ client_id: 'other', redirect_uri: callback.href, nonce: 'n' }).toString();
    const { headers } = await fetch(request, { redirect: 'manual' });
    const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
    expect(code).toMatch(/^canary-code/);
    await setup.expectRejected(agent, set(callback, 'code', code), {
      reason: /^invalid_grant$/,
      cause: 'code-rejected',
    });
  });

  test('has the code of another sign-in', async () => {
    const [agent, victim] = [setup.createUserAgent(), setup.createUserAgent()];
    const code = (await setup.start(agent)).searchParams.get('code') ?? '';
    const callback = await setup.start(victim);
    // The provider checks no PKCE: the nonce of the ID token is another one.
    const rejection = { reason: /^OAUTH_JWT_CLAIM_COMPARISON_FAILED$/, cause: 'token-invalid' } as const;
    await setup.expectRejected(victim, set(callback, 'code', code), rejection);
  });

  test('belongs to another browser', async () => {
    const agent = setup.createUserAgent();
    const own = await setup.start(agent);
    await setup.expectRejected(agent, await setup.start(setup.createUserAgent()), unmatched);
    await agent.browser.open(own);
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
  });

  test.each<[string, (kept: string) => string | undefined]>([
    ['for the second time', () => undefined],
    ['for the second time, with the transaction cookie restored', (kept) => kept],
  ])('arrives %s', async (_, keep) => {
    const agent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const [kept = ''] = agent.cookies();
    await agent.browser.open(callback);
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
    await agent.signOut();
    const requests = setup.provider.tokenRequests;
    const again = keep(kept);
    if (again !== undefined) agent.browser.plant('localhost', again);
    await setup.expectRejected(agent, callback, { reason: /^no-transaction$/ });
    expect(setup.provider.tokenRequests).toBe(requests);
  });

  test('arrives many times at once: one reaches the provider', async () => {
    const agent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const requests = setup.provider.tokenRequests;
    const address = new URL(`${callback.pathname}${callback.search}`, setup.service.address);
    const headers = { cookie: agent.cookies().join('; '), host: callback.host };
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => fetch(address, { headers, redirect: 'manual' })),
    );
    const accepted = responses.filter(({ status }) => status === 303);
    expect(accepted).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 400)).toHaveLength(49);
    expect(setup.provider.tokenRequests).toBe(requests + 1);
  });

  test('arrives for the second time after the user cancelled', async () => {
    const agent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const [kept = ''] = agent.cookies();
    const cancelled = set(without(callback, 'code'), 'error', 'access_denied');
    await setup.expectRejected(agent, cancelled, { reason: /^access_denied$/, title: 'Sign-in cancelled' });
    agent.browser.plant('localhost', kept);
    await setup.expectRejected(agent, callback, { reason: /^no-transaction$/ });
  });

  test.each([
    ['under a similar name', (cookie: string) => `\u00a0${cookie}`],
    ['beside another of the same name', (cookie: string) => `${cookie}; ${cookie}`],
  ])('arrives with a transaction cookie %s', async (_, plant) => {
    const attacker = setup.createUserAgent();
    const callback = await setup.start(attacker);
    const [cookie = ''] = attacker.cookies();
    const { pathname, search } = callback;
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `host: localhost:${setup.service.url.port}`,
      'connection: close',
    ];
    const response = await sendRaw(setup.service.url.port, [...lines, `cookie: ${plant(cookie)}`]);
    expect(response).toContain('Sign-in failed');
    expect(response).not.toMatch(/^set-cookie: session=/im);
  });

  test('arrives after ten minutes', async () => {
    const agent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const later = Date.now() + 600_001;
    const [kept = ''] = agent.cookies();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(later);
    agent.browser.plant('localhost', kept);
    await setup.expectRejected(agent, callback, { reason: /^no-transaction$/ });
  });
});

test('two tabs can sign in at once, in any order', async () => {
  const agent = setup.createUserAgent();
  const first = await setup.start(agent);
  const second = await setup.start(agent);
  const third = await setup.start(agent);
  for (const callback of [second, first, third]) {
    expect((await agent.browser.open(callback)).url.pathname).toBe('/');
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
  }
  expect(agent.cookies()).toEqual([expect.stringMatching(/^session=/)]);
});

test('a browser keeps the cookies of the four sign-ins that it started last', async () => {
  const agent = setup.createUserAgent();
  const callbacks: URL[] = [];
  for (let count = 0; count < 6; count++) callbacks.push(await setup.start(agent));
  expect(agent.cookies()).toHaveLength(4);
  const [oldest, , third] = callbacks;
  expect((await agent.browser.open(oldest ?? '')).html).toContain('Try again.');
  expect((await agent.browser.open(third ?? '')).url.pathname).toBe('/');
});

describe('sign-in rejects a transaction cookie that', () => {
  const none = /^no-transaction$/;
  const changed = (pair: string) => `${pair.slice(0, -3)}${pair.at(-3) === 'A' ? 'B' : 'A'}${pair.slice(-2)}`;
  const transaction = {
    state: 's'.repeat(43),
    nonce: 'n'.repeat(43),
    verifier: 'v'.repeat(43),
    returnTo: '/',
    replaces: null,
  };
  const name = 'sign-in-ssssssss';
  const sealed = (secret: string, context = name, purpose = 'sign-in') => {
    const text = JSON.stringify({ ...transaction, endsAt: Date.now() + 60_000 });
    return `${name}=${createSealer([secret], purpose).seal(text, context)}`;
  };
  const nameOf = (own: string) => own.replace(/=.*/s, '');
  const sealedText = (own: string) => own.replace(/^[^=]*=/s, '');

  // The last one is sealed correctly, so it fails only on the nonce. This shows that the others fail for their defect.
  test.each<[string, RegExp, (own: string) => string]>([
    ['is missing', none, (own) => `${nameOf(own)}=; Max-Age=0`],
    ['is empty', none, (own) => `${nameOf(own)}=`],
    ['was changed', none, changed],
    ['was truncated', none, (own) => own.slice(0, 40)],
    ['is that of another state', none, (own) => `${name}=${sealedText(own)}`],
    ['is sealed with another secret', none, () => sealed('x'.repeat(32))],
    ['is sealed for the other cookie name', none, () => sealed(maliciousSecret, `__Host-${name}`)],
    ['is sealed for another purpose', none, () => sealed(maliciousSecret, name, 'cursor')],
    ['is not sealed', none, () => `${name}=${Buffer.from(JSON.stringify(transaction)).toString('base64url')}`],
    ['belongs to another sign-in', /^OAUTH_JWT_CLAIM_COMPARISON_FAILED$/, () => sealed(maliciousSecret)],
  ])('%s', async (_, reason, change) => {
    const agent: UserAgent = setup.createUserAgent();
    const callback = await setup.start(agent);
    const [own = ''] = agent.cookies();
    const planted = change(own);
    agent.browser.plant('localhost', `${nameOf(own)}=; Max-Age=0`);
    agent.browser.plant('localhost', planted);
    const isOwn = nameOf(planted) === nameOf(own);
    await setup.expectRejected(agent, isOwn ? callback : set(callback, 'state', transaction.state), { reason });
  });
});

/** Sends a raw request in Latin-1, as browsers encode cookies. Resolves to the raw response. */
async function sendRaw(port: string, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  return readAll(socket);
}
