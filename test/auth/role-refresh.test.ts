import { afterEach, describe, expect, test, vi } from 'vitest';
import { startDelegated } from '../support/delegated.js';
import { useFixture } from '../support/fixture.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, untilReady, useService } from '../support/service.js';
import { startTestSimulator, stopWithSimulator } from '../support/simulator.js';
import { createSignedInUserAgent, createUserAgent, type UserAgent } from '../support/user-agent.js';

const listing = { scriptKind: 'deviceShellScript' };
const update = { ...listing, scriptId: 'any', userStateId: 'any', patch: { successDeviceCount: 1 } };
const minute = 60_000;
const ended = { status: 401, reason: 'SIGN_IN_REQUIRED' };
const settings = {
  SIGN_IN: 'oidc',
  SESSION_SECRET: 'a-session-secret-of-the-tests-own-0001',
  SESSION_IDLE_MINUTES: '1440',
  SESSION_ROLES_MINUTES: '60',
};

const service = useService({ ...settings, LOG_LEVEL: 'trace' });
afterEach(async () => {
  vi.useRealTimers();
  await service.simulator.identitySettings({ claims: {}, disabled: [], omit: [], refresh: 'ok' });
});

/** Advances the clock of the service and of the provider, which run in this process. */
function advance(minutes: number): void {
  const now = Date.now();
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + minutes * minute);
}

const signIn = (account?: string) => createSignedInUserAgent(service, account);
const refreshes = async () => (await service.simulator.identityCounts()).refreshes;
const list = (agent: UserAgent) => agent.call('script.list', listing);
const write = (agent: UserAgent) => agent.call('scriptUserState.update', update);

describe('when the roles of a session are SESSION_ROLES_MINUTES old', () => {
  test('the provider is asked once, and not before', async () => {
    const agent = await signIn();
    const before = await refreshes();
    advance(59.9);
    expect(await list(agent)).toMatchObject({ status: 200 });
    expect(await refreshes()).toBe(before);
    advance(0.2);
    const calls = await Promise.all(Array.from({ length: 50 }, () => list(agent)));
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await refreshes()).toBe(before + 1);
    advance(60.1);
    expect(await list(agent)).toMatchObject({ status: 200 });
    expect(await refreshes()).toBe(before + 2);
  });

  test.each<[string, unknown, readonly string[], number, object]>([
    ['all roles', [], [], 403, { reason: 'ROLE_MISSING' }],
    ['the claim', undefined, [], 403, { reason: 'ROLE_MISSING' }],
    ['the role that may write', ['ScriptState.Read'], ['reader'], 200, { reason: 'ROLE_MISSING' }],
  ])('a user who has lost %s is refused', async (_, roles, expected, read, written) => {
    const agent = await signIn();
    expect(await write(agent)).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
    await service.simulator.identitySettings({ claims: { operator: { roles: roles ?? null } } });
    advance(61);
    expect(await write(agent)).toMatchObject(written);
    expect(await list(agent)).toMatchObject({ status: read });
    expect(await agent.call('session.current')).toMatchObject({ status: 200, data: { roles: expected } });
    expect(service.lines({ msg: 'the roles of a user have changed', from: 'reader operator' })).not.toEqual([]);
  });

  test('a user who has got a role can use it', async () => {
    const agent = await signIn('reader');
    expect(await write(agent)).toMatchObject({ reason: 'ROLE_MISSING' });
    await service.simulator.identitySettings({ claims: { reader: { roles: 'ScriptState.ReadWrite' } } });
    advance(61);
    expect(await agent.call('session.current')).toMatchObject({ data: { roles: ['reader', 'operator'] } });
    expect(await write(agent)).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['the account is disabled', { disabled: ['operator'] }],
    ['the provider rejects the refresh token', { refresh: 'invalid_grant' }],
    ['the provider sends no ID token', { omit: ['id_token'] }],
    ['the provider sends the claims of another user', { claims: { operator: { oid: 'other' } } }],
    ['the provider sends a malformed claim', { claims: { operator: { oid: 7 } } }],
  ])('and %s, the session ends', async (_, change) => {
    const agent = await signIn();
    const [cookie = ''] = agent.cookies();
    await service.simulator.identitySettings(change);
    advance(61);
    expect(await list(agent)).toMatchObject(ended);
    await service.simulator.identitySettings({ claims: {}, disabled: [], omit: [], refresh: 'ok' });
    const thief = createUserAgent(service);
    thief.browser.plant('localhost', cookie);
    expect(await list(thief)).toMatchObject(ended);
    expect(service.logged.join('\n')).not.toContain(cookie.slice(-20));
  });

  test('a session without a refresh token ends', async () => {
    await service.simulator.identitySettings({ omit: ['refresh_token'] });
    const agent = await signIn();
    advance(59);
    expect(await list(agent)).toMatchObject({ status: 200 });
    advance(2);
    expect(await list(agent)).toMatchObject(ended);
    await agent.signIn('operator');
    expect(await list(agent)).toMatchObject({ status: 200 });
  });

  test('the poll of the console finds out, and does not extend the session', async () => {
    const agent = await signIn();
    await service.simulator.identitySettings({ disabled: ['operator'] });
    advance(61);
    expect(await agent.call('session.current')).toMatchObject(ended);
  });
});

describe('while the provider is unavailable', () => {
  test.each(['unavailable', 'invalid_client'])(
    'as %s, sessions keep their roles until these are twice as old',
    async (refresh) => {
      const [agent, other] = [await signIn(), await signIn('reader')];
      await service.simulator.identitySettings({ refresh });
      advance(61);
      const before = await refreshes();
      for (const each of [agent, other, agent]) expect(await list(each)).toMatchObject({ status: 200 });
      // A replica does not ask again at once.
      expect((await refreshes()) - before).toBeLessThanOrEqual(1);
      const cause = refresh === 'unavailable' ? 'provider-error' : 'client-rejected';
      expect(service.lines({ cause }).map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^token refresh/));
      advance(58);
      expect(await list(agent)).toMatchObject({ status: 200 });
      advance(2);
      expect(await list(agent)).toMatchObject(ended);
      expect(service.lines({ reason: 'provider-unavailable' })).not.toEqual([]);
    },
  );

  test('a session continues with new roles once the provider is back', async () => {
    const agent = await signIn();
    await service.simulator.identitySettings({ refresh: 'unavailable' });
    advance(61);
    expect(await list(agent)).toMatchObject({ status: 200 });
    await service.simulator.identitySettings({ refresh: 'ok', claims: { operator: { roles: [] } } });
    advance(1);
    expect(await list(agent)).toMatchObject({ reason: 'ROLE_MISSING' });
  });
});

test('signing out while the roles are refreshed ends the session', async () => {
  const agent = await signIn();
  const [cookie = ''] = agent.cookies();
  await service.simulator.identitySettings({ refresh: 'stall' });
  // Later than the outages of the tests above, after which the service waits.
  advance(70);
  const before = await refreshes();
  const call = list(agent);
  await expect.poll(refreshes, { timeout: 20_000 }).toBe(before + 1);
  agent.browser.plant('localhost', cookie);
  expect((await agent.signOut()).status).toBe(200);
  await call;
  const thief = createUserAgent(service);
  thief.browser.plant('localhost', cookie);
  expect(await list(thief)).toMatchObject(ended);
});

describe('with the user’s own tokens', () => {
  const pair = useFixture(startDelegated, (started) => started.stop());

  test('one refresh renews both the token and the roles', async () => {
    const { client, agent } = await pair.signIn();
    const { refreshes: before } = await pair.simulator.identityCounts();
    // The idle timeout is an hour.
    advance(31);
    await client.session.current.query();
    expect(await agent.call('script.list', listing)).toMatchObject({ status: 200 });
    advance(30);
    const calls = await Promise.all(Array.from({ length: 20 }, () => agent.call('script.list', listing)));
    // On a slow machine, some calls reach their deadline.
    const reasons = calls.map(({ reason }) => reason);
    for (const reason of ['SIGN_IN_REQUIRED', 'ROLE_MISSING', 'INTERNAL']) expect(reasons).not.toContain(reason);
    expect((await pair.simulator.identityCounts()).refreshes).toBe(before + 1);
  });
});

describeWithRedis('replicas', () => {
  const redis = useRedis();
  const started = useFixture(
    async () => {
      const simulator = await startTestSimulator({ identity: true });
      const { issuer = '', clientId = '', clientSecret = '' } = simulator.identity ?? {};
      const env = {
        ...settings,
        GRAPH_CREDENTIAL: 'access-token',
        GRAPH_ACCESS_TOKEN: 'token-of-the-service',
        GRAPH_BASE_URL: simulator.baseUrl,
        OIDC_ISSUER: issuer,
        OIDC_CLIENT_ID: clientId,
        OIDC_CLIENT_SECRET: clientSecret,
        REDIS_URL: redis.url,
      };
      await simulator.register('token-of-the-service');
      // A heartbeat would compare the clock of the process, which the test advances, with that of Redis.
      vi.useFakeTimers({ toFake: ['setInterval'] });
      const [one, two] = await Promise.all([startTestService(env), startTestService(env)]);
      vi.useRealTimers();
      for (const { address } of [one, two]) await untilReady(address);
      return { simulator, one, two };
    },
    ({ simulator, one, two }) => stopWithSimulator(simulator, one, two),
  );

  /** The browser of a user at the first replica, and with the same cookies at the second one. */
  async function signInAtBoth(): Promise<readonly [UserAgent, UserAgent]> {
    const { one, two, simulator } = started;
    const agent = createUserAgent(one, undefined, simulator.url);
    await agent.signIn('operator');
    const other = createUserAgent(two, undefined, simulator.url);
    for (const cookie of agent.cookies()) other.browser.plant('localhost', cookie);
    return [agent, other];
  }

  test('refresh the roles of a session once, and both use the new ones', async () => {
    const [agent, other] = await signInAtBoth();
    await started.simulator.identitySettings({ claims: { operator: { roles: ['ScriptState.Read'] } } });
    advance(61);
    const calls = await Promise.all([agent, other].flatMap((each) => Array.from({ length: 20 }, () => list(each))));
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await started.simulator.identityCounts()).toMatchObject({ refreshes: 1 });
    for (const each of [agent, other]) expect(await write(each)).toMatchObject({ reason: 'ROLE_MISSING' });
    await started.simulator.identitySettings({ disabled: ['operator'] });
    advance(61);
    expect(await list(other)).toMatchObject(ended);
    expect(await list(agent)).toMatchObject(ended);
  });
});
