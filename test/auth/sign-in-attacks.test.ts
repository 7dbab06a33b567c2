import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSealer } from '../../src/seal.js';
import { maliciousTokens } from '../support/malicious-provider.js';
import {
  listing,
  type MaliciousSignIn,
  maliciousSecret,
  type Refused,
  startMaliciousSignIn,
} from '../support/malicious-sign-in.js';
import type { Visitor } from '../support/visitor.js';

let rogue: MaliciousSignIn;

beforeAll(async () => {
  rogue = await startMaliciousSignIn();
});
afterEach(async () => {
  vi.useRealTimers();
  await rogue.reset();
});
afterAll(() => rogue.stop());

test('the good answer signs in, and none of what it holds is seen anywhere', async () => {
  const { provider, service, simulator } = rogue;
  const visitor = rogue.visitor();
  const callback = await rogue.begin(visitor);
  expect((await visitor.browser.open(callback)).url.pathname).toBe('/');
  expect(await visitor.call('script.list', listing)).toMatchObject({ status: 200 });
  expect(await visitor.call('session.current')).toMatchObject({ data: { user: { oid: 'object-id' } } });
  expect(await simulator.journal()).toHaveLength(1);

  const { history } = visitor.browser;
  const asked = ['code', 'state', 'nonce'].map((name) =>
    history.map(({ url }) => url.searchParams.get(name)).find((value) => value !== null),
  );
  const cookies = history.flatMap(({ setCookies }) => setCookies.map((line) => /=([^;]+)/.exec(line)?.[1]));
  const tokens = [...provider.idTokens, ...Object.values(maliciousTokens), provider.clientSecret, maliciousSecret];
  const canaries = [...asked, ...cookies, ...tokens].map(String).filter((canary) => canary.length > 12);
  expect(new Set(canaries).size).toBeGreaterThanOrEqual(9);
  expect(canaries.filter((canary) => service.logged.some((line) => line.includes(canary)))).toEqual([]);
  const answers = history.filter(({ url }) => url.origin === visitor.origin).map((page) => JSON.stringify(page));
  expect(tokens.filter((token) => answers.some((answer) => answer.includes(token)))).toEqual([]);
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

describe('a callback is refused that', () => {
  const badAnswer = { reason: /^OAUTH_INVALID_RESPONSE$/ };
  const stray = { reason: /^no-transaction$/, goesOn: true };

  test.each<[string, Refused, (callback: URL) => URL]>([
    ['has another state', stray, (url) => set(url, 'state', 'other')],
    ['has no state', stray, (url) => without(url, 'state')],
    ['has two states', badAnswer, (url) => new URL(`${url.href}&state=other`)],
    ['has no code', badAnswer, (url) => without(url, 'code')],
    ['has two codes', badAnswer, (url) => new URL(`${url.href}&code=other`)],
    ['has a code of its own making', { reason: /^invalid_grant$/ }, (url) => set(url, 'code', 'other')],
    ['names another issuer', badAnswer, (url) => set(url, 'iss', 'https://evil.example')],
    ['names no issuer', badAnswer, (url) => without(url, 'iss')],
    ['has an error with another state', stray, (url) => set(set(url, 'error', 'access_denied'), 'state', 'other')],
    ['has an error that nobody knows', { reason: /^unknown$/ }, (url) => set(without(url, 'code'), 'error', 'unknown')],
    [
      'has an error that is none',
      { reason: /^unreadable$/ },
      (url) => set(without(url, 'code'), 'error', 'canary code\r\n<b>'),
    ],
    [
      'says that the person cancelled',
      { reason: /^access_denied$/, title: 'Sign-in was cancelled' },
      (url) => set(without(url, 'code'), 'error', 'access_denied'),
    ],
  ])('%s', async (_, refused, change) => {
    const visitor = rogue.visitor();
    await rogue.expectRefused(visitor, change(await rogue.begin(visitor)), refused);
  });

  test('is another browser’s', async () => {
    const visitor = rogue.visitor();
    const own = await rogue.begin(visitor);
    await rogue.expectRefused(visitor, await rogue.begin(rogue.visitor()), stray);
    await visitor.browser.open(own);
    expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
  });

  test.each([
    ['again', (): string | undefined => undefined, /^no-transaction$/],
    ['again with the transaction’s cookie kept', (kept: string): string | undefined => kept, /^invalid_grant$/],
  ])('comes %s', async (_, keep, reason) => {
    const visitor = rogue.visitor();
    const callback = await rogue.begin(visitor);
    const [kept = ''] = visitor.cookies();
    await visitor.browser.open(callback);
    expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
    await visitor.signOut();
    const again = keep(kept);
    if (again !== undefined) visitor.browser.plant('localhost', again);
    await rogue.expectRefused(visitor, callback, { reason });
  });

  test.each([
    ['under a name that only looks like it', (cookie: string) => `\u00a0${cookie}`],
    ['beside the browser’s own', (cookie: string) => `${cookie}; ${cookie}`],
  ])('comes with a transaction planted %s', async (_, plant) => {
    const attacker = rogue.visitor();
    const callback = await rogue.begin(attacker);
    const [cookie = ''] = attacker.cookies();
    const { pathname, search } = callback;
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `host: localhost:${rogue.service.url.port}`,
      'connection: close',
    ];
    const answer = await rawAnswer(rogue.service.url.port, [...lines, `cookie: ${plant(cookie)}`]);
    expect(answer).toContain('Sign-in did not work');
    expect(answer).not.toMatch(/^set-cookie: session=/im);
  });

  test('comes after ten minutes', async () => {
    const visitor = rogue.visitor();
    const callback = await rogue.begin(visitor);
    const later = Date.now() + 600_001;
    const [kept = ''] = visitor.cookies();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(later);
    visitor.browser.plant('localhost', kept);
    await rogue.expectRefused(visitor, callback, { reason: /^no-transaction$/ });
  });
});

describe('a transaction is refused that', () => {
  const none = /^no-transaction$/;
  const altered = (pair: string) => `${pair.slice(0, -3)}${pair.at(-3) === 'A' ? 'B' : 'A'}${pair.slice(-2)}`;
  const begun = {
    state: 's'.repeat(43),
    nonce: 'n'.repeat(43),
    verifier: 'v'.repeat(43),
    returnTo: '/',
    replaces: null,
  };
  const sealed = (secret: string, context = 'sign-in', purpose = 'sign-in') => {
    const text = JSON.stringify({ ...begun, endsAt: Date.now() + 60_000 });
    return `sign-in=${createSealer([secret], purpose).seal(text, context)}`;
  };

  // With the right one of these made up, only the nonce is wrong: the others fail for what is wrong with them.
  test.each<[string, RegExp, (own: string) => string]>([
    ['is none', none, () => 'sign-in=; Max-Age=0'],
    ['is empty', none, () => 'sign-in='],
    ['is altered', none, altered],
    ['is cut short', none, (own) => own.slice(0, 30)],
    ['is another secret’s', none, () => sealed('x'.repeat(32))],
    ['is of the other name', none, () => sealed(maliciousSecret, '__Host-sign-in')],
    ['is for something else', none, () => sealed(maliciousSecret, 'sign-in', 'cursor')],
    ['is plain', none, () => `sign-in=${Buffer.from(JSON.stringify(begun)).toString('base64url')}`],
    ['is another sign-in’s', /^OAUTH_JWT_CLAIM_COMPARISON_FAILED$/, () => sealed(maliciousSecret)],
  ])('%s', async (_, reason, change) => {
    const visitor: Visitor = rogue.visitor();
    const callback = await rogue.begin(visitor);
    const [own = ''] = visitor.cookies();
    visitor.browser.plant('localhost', change(own));
    await rogue.expectRefused(visitor, set(callback, 'state', begun.state), { reason });
  });
});

/** What is answered to a request that is sent as it stands, in Latin-1 as browsers do with cookies. */
async function rawAnswer(port: string, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  return readAll(socket);
}
