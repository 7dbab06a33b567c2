import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientWith, type Delegate, delegated, findState, signInAt } from '../support/delegated.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { failure, startTestService, type TestService } from '../support/service.js';
import { startTestSimulator, type TestSimulator } from '../support/simulator.js';
import type { KnownState } from '../support/states.js';

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
afterEach(async () => {
  await simulator.reset();
  await service.stop();
  await provider.stop();
  await simulator.close();
});

const get = (client: Client) => client.scriptUserState.get.query(known.target);
const update = (client: Client) => client.scriptUserState.update.mutate({ ...known.target, patch });

/** Somebody whose token has to be renewed before the next call. */
async function personDue(): Promise<Delegate> {
  provider.accessTokenSeconds = 30;
  const person = await signInAt(service, provider.issuer);
  provider.accessTokenSeconds = 3600;
  return person;
}

test('what Graph needs is asked for at sign-in', async () => {
  await signInAt(service, provider.issuer);
  const scope = provider.asked.map((asked) => asked.get('scope')?.split(' '));
  const permission = 'https://graph.microsoft.com/DeviceManagementScripts.ReadWrite.All';
  expect(scope).toEqual([['openid', 'profile', 'offline_access', permission]]);
});

test('50 calls whose token Graph refuses renew it once', async () => {
  provider.known = false;
  const { client } = await signInAt(service, provider.issuer);
  provider.known = true;
  const states = await Promise.all(Array.from({ length: 50 }, () => get(client)));
  expect(states).toEqual(Array.from({ length: 50 }, () => known.state));
  expect(provider.refreshes).toBe(1);
});

test('a token that is nobody’s in Graph’s eyes, twice, asks for a sign-in', async () => {
  provider.known = false;
  const { client } = await signInAt(service, provider.issuer);
  expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  expect(provider.refreshes).toBe(1);
});

test('nothing listening at the provider leaves the session as it is', async () => {
  const { client, visitor } = await personDue();
  const cookies = visitor.cookies();
  await provider.stop();
  expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE', httpStatus: 503 });
  expect(await client.session.current.query()).toMatchObject({ user: { name: 'Some Body' } });
  expect(await simulator.journal()).toEqual([]);
  await provider.resume();
  expect(await update(client)).toMatchObject(patch);
  expect(visitor.cookies()).toEqual(cookies);
});

test('a caller waits no longer than its own deadline for a renewal, and the next one gets what comes of it', async () => {
  const { client } = await personDue();
  const release = provider.hold();
  expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
  const next = update(client);
  release();
  expect(await next).toMatchObject(patch);
  expect(provider.refreshes).toBe(1);
});

describe('a call that waits for a renewal gets no token any more', () => {
  test.each<[string, (person: Delegate) => Promise<unknown>]>([
    ['its person signs out', ({ visitor }) => visitor.signOut()],
    [
      'the provider signs its person out',
      ({ visitor }) =>
        visitor.browser.send(`${visitor.origin}/auth/front-channel-sign-out?sid=the-only-session`, { crossSite: true }),
    ],
  ])('when %s', async (_, leave) => {
    const person = await personDue();
    const kept = person.visitor.cookies();
    const release = provider.hold();
    const underWay = Promise.all([failure(update(person.client)), failure(get(person.client))]);
    await expect.poll(() => provider.refreshes).toBe(1);
    expect(await leave(person)).toMatchObject({ status: 200 });
    release();
    expect((await underWay).map(({ reason }) => reason)).toEqual(['SIGN_IN_REQUIRED', 'SIGN_IN_REQUIRED']);
    expect(await failure(update(clientWith(service, () => kept)))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(provider.refreshes).toBe(1);
    expect(await simulator.journal()).toEqual([]);
  });
});

test('no token, code, cookie or secret is in any answer or log line', async () => {
  const person = await personDue();
  const { visitor } = person;
  const more = await signInAt(service, provider.issuer);
  const call = async (who: Delegate, expected: string | undefined) => {
    const input = { ...known.target, patch };
    const answers = [
      await who.visitor.call('session.current'),
      await who.visitor.call('scriptUserState.get', known.target),
      await who.visitor.call('scriptUserState.update', input),
      await who.visitor.call('script.list', { scriptKind: known.target.scriptKind }),
    ];
    expect(answers.slice(1).map(({ reason }) => reason)).toEqual([expected, expected, expected]);
  };
  await call(person, undefined);
  await simulator.fault({ fault: 'claims-challenge', times: 'always' });
  await call(more, 'SIGN_IN_REQUIRED');
  await simulator.reset();
  provider.known = false;
  await visitor.signIn('anybody');
  await call(person, 'SIGN_IN_REQUIRED');
  provider.accessTokenSeconds = 30;
  await visitor.signIn('anybody');
  await provider.stop();
  await call(person, 'CREDENTIAL_UNAVAILABLE');
  await provider.resume();
  provider.revoke();
  await call(person, 'SIGN_IN_REQUIRED');
  await visitor.signOut();
  await more.visitor.signOut();

  const history = [visitor, more.visitor].flatMap(({ browser }) => browser.history);
  const cookies = history
    .flatMap(({ setCookies }) => setCookies)
    .map((line) => decodeURIComponent(line.replace(/^[^=]*=([^;]*).*$/s, '$1')))
    .filter((value) => value !== '');
  const sessionIds = cookies.flatMap((value) => /^s:([^.]+)\./.exec(value)?.[1] ?? []);
  expect(sessionIds).toHaveLength(4);
  const secrets = [settings['OIDC_CLIENT_SECRET'] ?? '', settings['SESSION_SECRET'] ?? ''];
  const canaries = [...provider.issued, ...cookies, ...sessionIds, ...secrets];
  expect(canaries.length).toBeGreaterThan(25);
  const own = history.filter(({ url }) => url.origin === visitor.origin);
  // `set-cookie` is the one place for a cookie.
  const answers = own.map((page) =>
    JSON.stringify({ ...page, url: '', setCookies: [], headers: { ...page.headers, 'set-cookie': '' } }),
  );
  const said = [...answers, ...service.logged].map((text) => ({ text, decoded: decodeURIComponent(text) }));
  expect(said.length).toBeGreaterThan(40);
  const leaks = said.filter(({ text, decoded }) =>
    canaries.some((canary) => text.includes(canary) || decoded.includes(canary)),
  );
  expect(leaks).toEqual([]);
});
