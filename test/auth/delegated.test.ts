import { describe, expect, test } from 'vitest';
import { clientWith } from '../support/clients.js';
import { startDelegated, type TestUser } from '../support/delegated.js';
import { failure } from '../support/failure.js';
import { useFixture } from '../support/fixture.js';
import { startProgram } from '../support/program.js';
import type { TestService } from '../support/service.js';

type Client = TestService['client'];

const patch = { successDeviceCount: 41 };
const pair = useFixture(startDelegated, (started) => started.stop(), 'test');

const update = (client: Client) => client.scriptUserState.update.mutate({ ...pair.known.target, patch });
const get = (client: Client) => client.scriptUserState.get.query(pair.known.target);
const current = async (client: Client) => (await client.session.current.query()).user.oid;

/** Signs in a user whose access token is due for refresh at the next call. */
async function signInWithExpiringToken(): Promise<TestUser> {
  await pair.simulator.identitySettings({ accessTokenSeconds: 30 });
  const user = await pair.signIn();
  await pair.simulator.identitySettings({ accessTokenSeconds: 3600 });
  return user;
}

/** Expects that the session has ended, also for a kept cookie. */
async function expectEnded(client: Client): Promise<void> {
  const { refreshes } = await pair.simulator.identityCounts();
  await pair.simulator.identitySettings({ refresh: 'ok' });
  const before = await pair.simulator.journal();
  expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
  expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes });
  expect(await pair.simulator.journal()).toEqual(before);
}

describe('a user’s own token', () => {
  test('authorizes the update at Graph', async () => {
    const { client } = await pair.signIn();
    expect(await update(client)).toEqual({ ...pair.known.state, ...patch });
    const [write, ...more] = await pair.simulator.journal();
    expect(write).toMatchObject({ method: 'PATCH', status: 200, applied: true });
    expect(more).toEqual([]);
    expect(pair.service.outcomes({ outcome: 'applied', oid: await current(client) })).toHaveLength(1);
  });

  test('is separate from those of other users: a claims challenge affects one of them', async () => {
    const [operator, reader] = [await pair.signIn('operator'), await pair.signIn('reader')];
    expect(await current(operator.client)).not.toBe(await current(reader.client));
    await pair.simulator.fault({ fault: 'claims-challenge' });
    expect(await failure(get(operator.client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await get(reader.client)).toEqual(pair.known.state);
    expect(await failure(get(operator.client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  });

  test('does not allow a reader to write: the call ends before Graph', async () => {
    const { client } = await pair.signIn('reader');
    expect(await failure(update(client))).toMatchObject({ reason: 'ROLE_MISSING', httpStatus: 403 });
    expect(await pair.simulator.journal()).toEqual([]);
  });
});

describe('an access token that is due for refresh', () => {
  test('is refreshed, and the new one is reused', async () => {
    const { client } = await signInWithExpiringToken();
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 0 });
    expect(await update(client)).toMatchObject(patch);
    expect(await update(client)).toMatchObject(patch);
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 1 });
  });

  test('is refreshed repeatedly, each time with the latest refresh token', async () => {
    await pair.simulator.identitySettings({ accessTokenSeconds: 30 });
    const { client } = await pair.signIn();
    for (const refreshes of [1, 2, 3]) {
      expect(await get(client)).toEqual(pair.known.state);
      expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes });
    }
  });

  test('is refreshed once for 50 concurrent calls', async () => {
    const { client } = await signInWithExpiringToken();
    const states = await Promise.all(Array.from({ length: 50 }, () => get(client)));
    expect(states).toEqual(Array.from({ length: 50 }, () => pair.known.state));
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 1 });
  });
});

describe('when refresh fails', () => {
  test('invalid_grant ends the session', async () => {
    const { client, agent } = await signInWithExpiringToken();
    await pair.simulator.identitySettings({ refresh: 'invalid_grant' });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => failure(update(client))));
    expect(new Set(outcomes.map(({ reason }) => reason))).toEqual(new Set(['SIGN_IN_REQUIRED']));
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 1 });
    expect(agent.cookies()).toHaveLength(1);
    await expectEnded(client);
    await agent.signIn('operator');
    expect(await update(client)).toMatchObject(patch);
  });

  test.each(['unavailable', 'stall', 'invalid_client'])('%s does not end the session', async (refresh) => {
    const { client, agent } = await signInWithExpiringToken();
    const cookies = agent.cookies();
    const errors = () => pair.service.lines({ level: 50 }).map(({ msg }) => msg);
    await pair.simulator.identitySettings({ refresh });
    expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE', httpStatus: 503 });
    expect(await current(client)).not.toBe('');
    expect(await pair.simulator.journal()).toEqual([]);
    expect(errors()).toEqual(refresh === 'invalid_client' ? [expect.stringMatching(/an operator must/)] : []);
    await pair.simulator.identitySettings({ refresh: 'ok' });
    // A stalled refresh times out.
    await expect.poll(() => update(client).catch(() => undefined), { timeout: 20_000 }).toMatchObject(patch);
    expect(agent.cookies()).toEqual(cookies);
  });
});

describe('when Graph rejects the token', () => {
  test('with a claims challenge, the next sign-in carries the claims', async () => {
    const { client, agent } = await pair.signIn();
    const claims = () => agent.browser.history.flatMap(({ url }) => url.searchParams.get('claims') ?? []);
    await pair.simulator.fault({ fault: 'claims-challenge' });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 0 });
    expect(claims()).toEqual([]);
    await agent.signIn('operator');
    expect(claims()).toEqual([expect.stringMatching(/^\{"access_token":\{"nbf":/)]);
    expect(await update(client)).toMatchObject(patch);
    await agent.signIn('operator');
    expect(claims()).toHaveLength(1);
  });

  test('and the refreshed one, the user has to sign in again', async () => {
    const { client } = await pair.signIn();
    await pair.simulator.fault({ fault: 'token-expired', times: 2 });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
    expect(await pair.simulator.identityCounts()).toMatchObject({ refreshes: 1 });
  });
});

describe('tokens are deleted', () => {
  test('at sign-out: a kept cookie is useless', async () => {
    const { agent } = await signInWithExpiringToken();
    const kept = agent.cookies();
    expect(kept).toHaveLength(1);
    expect(await agent.signOut()).toMatchObject({ status: 200 });
    expect(agent.cookies()).toEqual([]);
    await expectEnded(clientWith(pair.service, () => kept));
  });

  // ASVS 7.2.4: signing in again ends the previous session. The callback arrives without its SameSite=Strict cookie.
  test('at the next sign-in: the previous cookie is useless', async () => {
    const { agent } = await signInWithExpiringToken();
    const kept = agent.cookies();
    await agent.signIn('operator');
    expect(agent.cookies()).not.toEqual(kept);
    await expectEnded(clientWith(pair.service, () => kept));
  });

  test('at sign-out from the provider', async () => {
    const { client, agent } = await signInWithExpiringToken();
    const other = await pair.signIn('reader');
    const { html } = await agent.browser.open(`${pair.simulator.url}/identity/session/end`);
    const frame = new URL(/<iframe [^>]*src="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '');
    expect(frame.origin).toBe(agent.origin);
    expect(await agent.browser.send(frame, { crossSite: true })).toMatchObject({ status: 200 });
    await expectEnded(client);
    expect(await get(other.client)).toEqual(pair.known.state);
  });
});

test('the doctor skips the token check: the service has no token itself', async () => {
  const { stdout, exited } = startProgram('dist/doctor.js', pair.settings);
  expect(await exited).toBe(0);
  expect(stdout.map((line) => line.slice(0, 18).trim())).toEqual([
    'ok    settings',
    'ok    cloud',
    'ok    provider',
    'ok    redirect-uri',
    'ok    client',
    'skip  token',
  ]);
});
