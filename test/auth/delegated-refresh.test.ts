import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientWith } from '../support/clients.js';
import { delegated, signInUser, type TestUser } from '../support/delegated.js';
import { failure } from '../support/failure.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { startTestService, type TestService } from '../support/service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from '../support/simulator.js';
import { findState, type KnownState } from '../support/states.js';

type Client = TestService['client'];

const patch = { successDeviceCount: 41 };
let simulator: TestSimulator;
let provider: TestProvider;
let service: TestService;
let known: KnownState;
let settings: Record<string, string>;

beforeEach(async () => {
  simulator = await startTestSimulator();
  known = await findState(simulator);
  provider = await startProvider({ register: (token) => simulator.register(token) });
  settings = delegated(simulator, provider);
  service = await startTestService(settings);
});
afterEach(() => stopWithSimulator(simulator, service, provider));

const get = (client: Client) => client.scriptUserState.get.query(known.target);
const update = (client: Client) => client.scriptUserState.update.mutate({ ...known.target, patch });

/** Signs in a user whose access token is due for refresh at the next call. */
async function signInWithExpiringToken(): Promise<TestUser> {
  provider.accessTokenSeconds = 30;
  const user = await signInUser(service, provider.issuer);
  provider.accessTokenSeconds = 3600;
  return user;
}

test('sign-in requests the Graph permission', async () => {
  await signInUser(service, provider.issuer);
  const scopes = provider.authorizationRequests.map((parameters) => parameters.get('scope')?.split(' '));
  const permission = 'https://graph.microsoft.com/DeviceManagementScripts.ReadWrite.All';
  expect(scopes).toEqual([['openid', 'profile', 'offline_access', permission]]);
});

test('50 calls refresh a token that Graph rejects once', async () => {
  provider.registersTokens = false;
  const { client } = await signInUser(service, provider.issuer);
  provider.registersTokens = true;
  const states = await Promise.all(Array.from({ length: 50 }, () => get(client)));
  expect(states).toEqual(Array.from({ length: 50 }, () => known.state));
  expect(provider.refreshes).toBe(1);
});

test('a token that Graph rejects again after refresh requires sign-in', async () => {
  provider.registersTokens = false;
  const { client } = await signInUser(service, provider.issuer);
  expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  expect(provider.refreshes).toBe(1);
});

test('an unreachable provider does not end the session', async () => {
  const { client, agent } = await signInWithExpiringToken();
  const cookies = agent.cookies();
  await provider.stop();
  expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE', httpStatus: 503 });
  expect(await client.session.current.query()).toMatchObject({ user: { name: 'Some Body' } });
  expect(await simulator.journal()).toEqual([]);
  await provider.resume();
  expect(await update(client)).toMatchObject(patch);
  expect(agent.cookies()).toEqual(cookies);
});

test('a caller waits for a refresh until its own deadline, and the next caller gets the refreshed token', async () => {
  const { client } = await signInWithExpiringToken();
  const release = provider.hold();
  expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
  const next = update(client);
  release();
  expect(await next).toMatchObject(patch);
  expect(provider.refreshes).toBe(1);
});

describe('a call that waits for a refresh gets no token', () => {
  test.each<[string, (user: TestUser) => Promise<unknown>]>([
    ['its user signs out', ({ agent }) => agent.signOut()],
    [
      'the provider signs its user out',
      ({ agent }) =>
        agent.browser.send(`${agent.origin}/auth/front-channel-sign-out?sid=the-only-session`, { crossSite: true }),
    ],
  ])('when %s', async (_, signOut) => {
    const user = await signInWithExpiringToken();
    const kept = user.agent.cookies();
    const release = provider.hold();
    const calls = Promise.all([failure(update(user.client)), failure(get(user.client))]);
    await expect.poll(() => provider.refreshes).toBe(1);
    expect(await signOut(user)).toMatchObject({ status: 200 });
    release();
    expect((await calls).map(({ reason }) => reason)).toEqual(['SIGN_IN_REQUIRED', 'SIGN_IN_REQUIRED']);
    expect(await failure(update(clientWith(service, () => kept)))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(provider.refreshes).toBe(1);
    expect(await simulator.journal()).toEqual([]);
  });
});

test('no token, code, cookie or secret is in any response or log line', async () => {
  const user = await signInWithExpiringToken();
  const { agent } = user;
  const other = await signInUser(service, provider.issuer);
  const call = async (caller: TestUser, expected: string | undefined) => {
    const input = { ...known.target, patch };
    const responses = [
      await caller.agent.call('session.current'),
      await caller.agent.call('scriptUserState.get', known.target),
      await caller.agent.call('scriptUserState.update', input),
      await caller.agent.call('script.list', { scriptKind: known.target.scriptKind }),
    ];
    expect(responses.slice(1).map(({ reason }) => reason)).toEqual([expected, expected, expected]);
  };
  await call(user, undefined);
  await simulator.fault({ fault: 'claims-challenge', times: 'always' });
  await call(other, 'SIGN_IN_REQUIRED');
  await simulator.reset();
  provider.registersTokens = false;
  await agent.signIn('anybody');
  await call(user, 'SIGN_IN_REQUIRED');
  provider.accessTokenSeconds = 30;
  await agent.signIn('anybody');
  await provider.stop();
  await call(user, 'CREDENTIAL_UNAVAILABLE');
  await provider.resume();
  provider.revoke();
  await call(user, 'SIGN_IN_REQUIRED');
  await agent.signOut();
  await other.agent.signOut();

  const history = [agent, other.agent].flatMap(({ browser }) => browser.history);
  const cookies = history
    .flatMap(({ setCookies }) => setCookies)
    .map((line) => decodeURIComponent(line.replace(/^[^=]*=([^;]*).*$/s, '$1')))
    .filter((value) => value !== '');
  const sessionIds = cookies.flatMap((value) => /^s:([^.]+)\./.exec(value)?.[1] ?? []);
  expect(sessionIds).toHaveLength(4);
  const secrets = [settings['OIDC_CLIENT_SECRET'] ?? '', settings['SESSION_SECRET'] ?? ''];
  const canaries = [...provider.issued, ...cookies, ...sessionIds, ...secrets];
  expect(canaries.length).toBeGreaterThan(25);
  const own = history.filter(({ url }) => url.origin === agent.origin);
  // Cookies belong in `set-cookie`, and nowhere else.
  const responses = own.map((page) =>
    JSON.stringify({ ...page, url: '', setCookies: [], headers: { ...page.headers, 'set-cookie': '' } }),
  );
  const texts = [...responses, ...service.logged].map((text) => ({ text, decoded: decodeURIComponent(text) }));
  expect(texts.length).toBeGreaterThan(40);
  const leaks = texts.filter(({ text, decoded }) =>
    canaries.some((canary) => text.includes(canary) || decoded.includes(canary)),
  );
  expect(leaks).toEqual([]);
});
