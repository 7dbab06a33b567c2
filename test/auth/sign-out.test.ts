import { afterEach, describe, expect, test } from 'vitest';
import { useService } from '../support/service.js';
import { createSignedInUserAgent, createUserAgent, type UserAgent } from '../support/user-agent.js';

const listing = { scriptKind: 'deviceShellScript' };
const unauthenticated = { status: 401, reason: 'SIGN_IN_REQUIRED' };

const service = useService({ SIGN_IN: 'oidc', SESSION_SECRET: 'x'.repeat(32) });
afterEach(() => service.simulator.reset());

const signIn = (account?: string) => createSignedInUserAgent(service, account);

/** A user agent with a stolen cookie. */
function thief(cookie: string | undefined): UserAgent {
  const agent = createUserAgent(service);
  agent.browser.plant('localhost', cookie ?? '');
  return agent;
}

async function expectRevoked(cookie: string | undefined): Promise<void> {
  expect(cookie).toMatch(/^session=s%3A/);
  const response = await thief(cookie).call('script.list', listing);
  expect(response).toMatchObject(unauthenticated);
  expect(response.page.setCookies).toEqual([]);
}

describe('a new sign-in', () => {
  test('ignores a session id that the browser already has', async () => {
    const agent = createUserAgent(service);
    const planted = `session=s%3A${'a'.repeat(32)}.${'b'.repeat(43)}`;
    agent.browser.plant('localhost', planted);
    await agent.signIn('operator');
    expect(agent.cookies()).toEqual([expect.stringMatching(/^session=s%3A(?!aaa)/)]);
    await expectRevoked(planted);
  });

  test('creates a new id, and revokes the previous cookie', async () => {
    const agent = await signIn();
    const [old] = agent.cookies();
    await agent.signIn('operator');
    expect(await agent.call('script.list', listing)).toMatchObject({ status: 200 });
    expect(agent.cookies()).toHaveLength(1);
    expect(agent.cookies()).not.toContain(old);
    await expectRevoked(old);
  });
});

describe('sign-out', () => {
  test('returns the address of the provider’s sign-out page, and revokes the cookie', async () => {
    const agent = await signIn();
    const [cookie] = agent.cookies();
    const page = await agent.signOut();
    const { location } = JSON.parse(page.html) as { location: string };
    expect(new URL(location)).toMatchObject({
      origin: service.simulatorUrl?.origin,
      pathname: '/identity/session/end',
    });
    expect(new URL(location).searchParams.get('post_logout_redirect_uri')).toBe(`${agent.origin}/`);
    expect(agent.cookies()).toEqual([]);
    await expectRevoked(cookie);
    const requestId = page.headers['x-request-id'];
    expect(service.lines({ log: 'audit', event: 'sign-out', requestId })).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['without x-csrf', { 'sec-fetch-site': 'same-origin' }],
    ['from another site', { 'x-csrf': '1', 'sec-fetch-site': 'cross-site' }],
    ['from a sibling domain', { 'x-csrf': '1', 'sec-fetch-site': 'same-site' }],
    ['from another origin', { 'x-csrf': '1', origin: 'https://evil.example' }],
  ])('is rejected %s, and the session remains', async (_, headers) => {
    const agent = await signIn();
    const page = await agent.signOut(headers);
    expect([page.status, page.html]).toEqual([403, expect.stringContaining('REQUEST_REFUSED')]);
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
  });

  test('rejects GET', async () => {
    const agent = await signIn();
    expect((await agent.browser.open(`${agent.origin}/auth/sign-out`)).status).toBe(404);
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
  });

  test('is not undone by a request in flight', async () => {
    const agent = await signIn();
    const [cookie] = agent.cookies();
    await service.simulator.fault({ fault: 'latency', delayMs: 3000 });
    const inFlight = agent.call('script.list', listing);
    await expect.poll(() => service.simulator.journal()).toHaveLength(1);
    await agent.signOut();
    expect((await service.simulator.journal())[0]).toMatchObject({ status: null });
    await expectRevoked(cookie);
    const response = await inFlight;
    expect(response.status).toBe(200);
    expect(response.page.setCookies).toEqual([]);
    expect(agent.cookies()).toEqual([]);
    await expectRevoked(cookie);
  });

  test('stops a write that waits for a retry', async () => {
    const agent = await signIn();
    const scripts = (await agent.call('script.list', listing)).data as { items: { id: string }[] };
    const script = { ...listing, scriptId: scripts.items[0]?.id ?? '' };
    const states = (await agent.call('scriptUserState.list', script)).data as { items: { id: string }[] };
    const userStateId = states.items[0]?.id ?? '';
    await service.simulator.reset();
    await service.simulator.fault({ fault: 'throttled', method: 'PATCH', delayMs: 4000 });
    const update = agent.call('scriptUserState.update', { ...script, userStateId, patch: { errorDeviceCount: 77 } });
    await expect.poll(async () => (await service.simulator.journal())[0]).toMatchObject({ status: 429 });
    await agent.signOut();
    expect(await update).toMatchObject({ status: 401, reason: 'SIGN_IN_REQUIRED' });
    expect((await service.simulator.journal()).map(({ method }) => method)).toEqual(['PATCH']);
  });

  test('at the provider ends the session with that sid only', async () => {
    const [agent, other] = [await signIn(), await signIn('reader')];
    const { html } = await agent.browser.open(`${service.simulatorUrl?.origin}/identity/session/end`);
    const frame = new URL((/<iframe [^>]*src="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&'));
    expect(frame.origin + frame.pathname).toBe(`${agent.origin}/auth/front-channel-sign-out`);
    for (const sid of ['', 'other'])
      await createUserAgent(service).browser.open(`${frame.origin}${frame.pathname}?sid=${sid}`);
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
    const { status, headers } = await createUserAgent(service).browser.open(frame);
    expect(status).toBe(200);
    expect(service.lines({ event: 'sign-out', requestId: headers['x-request-id'], log: 'audit' })).toHaveLength(1);
    await expectRevoked(agent.cookies()[0]);
    expect(await other.call('session.current')).toMatchObject({ status: 200 });
  });
});
