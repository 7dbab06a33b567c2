import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.js';
import { type Controls, createControls } from '../support/simulator.js';
import { type Visitor, visit, visitSignedIn } from '../support/visitor.js';

const listing = { scriptKind: 'deviceShellScript' };
const nobody = { status: 401, reason: 'SIGN_IN_REQUIRED' };

let service: TestService;
let simulator: Controls;

beforeAll(async () => {
  service = await startTestService({ SIGN_IN: 'oidc', SESSION_SECRET: 'x'.repeat(32) });
  simulator = createControls(service.simulatorUrl?.origin ?? '');
});
afterEach(() => simulator.reset());
afterAll(() => service.stop());

const signedIn = (person?: string) => visitSignedIn(service, person);

/** Somebody who has only got hold of a cookie. */
function thief(cookie: string | undefined): Visitor {
  const visitor = visit(service);
  visitor.browser.plant('localhost', cookie ?? '');
  return visitor;
}

async function expectDead(cookie: string | undefined): Promise<void> {
  expect(cookie).toMatch(/^session=s%3A/);
  const answer = await thief(cookie).call('script.list', listing);
  expect(answer).toMatchObject(nobody);
  expect(answer.page.setCookies).toEqual([]);
}

describe('a new sign-in', () => {
  test('uses no session id from before', async () => {
    const visitor = visit(service);
    const planted = `session=s%3A${'a'.repeat(32)}.${'b'.repeat(43)}`;
    visitor.browser.plant('localhost', planted);
    await visitor.signIn('operator');
    expect(visitor.cookies()).toEqual([expect.stringMatching(/^session=s%3A(?!aaa)/)]);
    await expectDead(planted);
  });

  test('gives a new id, and the old cookie is dead', async () => {
    const visitor = await signedIn();
    const [old] = visitor.cookies();
    await visitor.signIn('operator');
    expect(await visitor.call('script.list', listing)).toMatchObject({ status: 200 });
    expect(visitor.cookies()).toHaveLength(1);
    expect(visitor.cookies()).not.toContain(old);
    await expectDead(old);
  });
});

describe('sign-out', () => {
  test('answers with the provider’s place for it, and the cookie is dead', async () => {
    const visitor = await signedIn();
    const [cookie] = visitor.cookies();
    const page = await visitor.signOut();
    const { location } = JSON.parse(page.html) as { location: string };
    expect(new URL(location)).toMatchObject({
      origin: service.simulatorUrl?.origin,
      pathname: '/identity/session/end',
    });
    expect(new URL(location).searchParams.get('post_logout_redirect_uri')).toBe(`${visitor.origin}/`);
    expect(visitor.cookies()).toEqual([]);
    await expectDead(cookie);
    const requestId = page.headers['x-request-id'];
    expect(service.lines({ log: 'audit', event: 'sign-out', requestId })).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['without x-csrf', { 'sec-fetch-site': 'same-origin' }],
    ['from another site', { 'x-csrf': '1', 'sec-fetch-site': 'cross-site' }],
    ['from a sibling', { 'x-csrf': '1', 'sec-fetch-site': 'same-site' }],
    ['from another origin', { 'x-csrf': '1', origin: 'https://evil.example' }],
  ])('is refused %s, and the session goes on', async (_, headers) => {
    const visitor = await signedIn();
    const page = await visitor.signOut(headers);
    expect([page.status, page.html]).toEqual([403, expect.stringContaining('REQUEST_REFUSED')]);
    expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
  });

  test('is no GET', async () => {
    const visitor = await signedIn();
    expect((await visitor.browser.open(`${visitor.origin}/auth/sign-out`)).status).toBe(404);
    expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
  });

  test('is not undone by a request that was under way', async () => {
    const visitor = await signedIn();
    const [cookie] = visitor.cookies();
    await simulator.fault({ fault: 'latency', delayMs: 1000 });
    const underWay = visitor.call('script.list', listing);
    await expect.poll(() => simulator.journal()).toHaveLength(1);
    await visitor.signOut();
    expect((await simulator.journal())[0]).toMatchObject({ status: null });
    await expectDead(cookie);
    const answer = await underWay;
    expect(answer.status).toBe(200);
    expect(answer.page.setCookies).toEqual([]);
    expect(visitor.cookies()).toEqual([]);
    await expectDead(cookie);
  });

  test('keeps a write that still waits from being sent', async () => {
    const visitor = await signedIn();
    const scripts = (await visitor.call('script.list', listing)).data as { items: { id: string }[] };
    const script = { ...listing, scriptId: scripts.items[0]?.id ?? '' };
    const states = (await visitor.call('scriptUserState.list', script)).data as { items: { id: string }[] };
    const userStateId = states.items[0]?.id ?? '';
    await simulator.reset();
    await simulator.fault({ fault: 'throttled', method: 'PATCH', delayMs: 2000 });
    const update = visitor.call('scriptUserState.update', { ...script, userStateId, patch: { errorDeviceCount: 77 } });
    await expect.poll(async () => (await simulator.journal())[0]).toMatchObject({ status: 429 });
    await visitor.signOut();
    expect(await update).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
    expect((await simulator.journal()).map(({ method }) => method)).toEqual(['PATCH']);
  });

  test('at the provider ends the session by its sid, and nobody else’s', async () => {
    const [visitor, other] = [await signedIn(), await signedIn('reader')];
    const { html } = await visitor.browser.open(`${service.simulatorUrl?.origin}/identity/session/end`);
    const frame = new URL((/<iframe [^>]*src="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&'));
    expect(frame.origin + frame.pathname).toBe(`${visitor.origin}/auth/front-channel-sign-out`);
    for (const sid of ['', 'other']) await visit(service).browser.open(`${frame.origin}${frame.pathname}?sid=${sid}`);
    expect(await visitor.call('session.current')).toMatchObject({ status: 200 });
    const { status, headers } = await visit(service).browser.open(frame);
    expect(status).toBe(200);
    expect(service.lines({ event: 'sign-out', requestId: headers['x-request-id'], log: 'audit' })).toHaveLength(1);
    await expectDead(visitor.cookies()[0]);
    expect(await other.call('session.current')).toMatchObject({ status: 200 });
  });
});
