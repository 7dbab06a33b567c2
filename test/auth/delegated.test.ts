import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientWith, type Delegate, type DelegatedPair, startDelegated } from '../support/delegated.js';
import { startProgram } from '../support/process.js';
import { failure, type TestService } from '../support/service.js';

type Client = TestService['client'];

const patch = { successDeviceCount: 41 };
let pair: DelegatedPair;

beforeEach(async () => {
  pair = await startDelegated();
});
afterEach(() => pair.stop());

const update = (client: Client) => client.scriptUserState.update.mutate({ ...pair.known.target, patch });
const get = (client: Client) => client.scriptUserState.get.query(pair.known.target);
const current = async (client: Client) => (await client.session.current.query()).user.oid;

/** Somebody whose token has to be renewed before the next call. */
async function personDue(): Promise<Delegate> {
  await pair.identity({ accessTokenSeconds: 30 });
  const person = await pair.person();
  await pair.identity({ accessTokenSeconds: 3600 });
  return person;
}

/** The session is over, for whoever kept the cookie too. */
async function expectEnded(client: Client): Promise<void> {
  const { refreshes } = await pair.counts();
  await pair.identity({ refresh: 'ok' });
  const before = await pair.simulator.journal();
  expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
  expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  expect(await pair.counts()).toMatchObject({ refreshes });
  expect(await pair.simulator.journal()).toEqual(before);
}

describe('a person’s own token', () => {
  test('carries the update to Graph', async () => {
    const { client } = await pair.person();
    expect(await update(client)).toEqual({ ...pair.known.state, ...patch });
    const [write, ...more] = await pair.simulator.journal();
    expect(write).toMatchObject({ method: 'PATCH', status: 200, applied: true });
    expect(more).toEqual([]);
    expect(pair.service.lines({ log: 'audit', outcome: 'applied', oid: await current(client) })).toHaveLength(1);
  });

  test('is nobody else’s: what Graph refuses one person, it does for another', async () => {
    const [operator, reader] = [await pair.person('operator'), await pair.person('reader')];
    expect(await current(operator.client)).not.toBe(await current(reader.client));
    await pair.simulator.fault({ fault: 'claims-challenge' });
    expect(await failure(get(operator.client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await get(reader.client)).toEqual(pair.known.state);
    expect(await failure(get(operator.client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
  });

  test('does not let a reader write: that ends before Graph', async () => {
    const { client } = await pair.person('reader');
    expect(await failure(update(client))).toMatchObject({ reason: 'ROLE_MISSING', httpStatus: 403 });
    expect(await pair.simulator.journal()).toEqual([]);
  });
});

describe('a token that is due', () => {
  test('is renewed, and the new one is kept', async () => {
    const { client } = await personDue();
    expect(await pair.counts()).toMatchObject({ refreshes: 0 });
    expect(await update(client)).toMatchObject(patch);
    expect(await update(client)).toMatchObject(patch);
    expect(await pair.counts()).toMatchObject({ refreshes: 1 });
  });

  test('is renewed again and again, each time with the refresh token that came last', async () => {
    await pair.identity({ accessTokenSeconds: 30 });
    const { client } = await pair.person();
    for (const refreshes of [1, 2, 3]) {
      expect(await get(client)).toEqual(pair.known.state);
      expect(await pair.counts()).toMatchObject({ refreshes });
    }
  });

  test('is renewed once for 50 calls that come together', async () => {
    const { client } = await personDue();
    const states = await Promise.all(Array.from({ length: 50 }, () => get(client)));
    expect(states).toEqual(Array.from({ length: 50 }, () => pair.known.state));
    expect(await pair.counts()).toMatchObject({ refreshes: 1 });
  });
});

describe('when the token is not renewed', () => {
  test('invalid_grant ends the session', async () => {
    const { client, visitor } = await personDue();
    await pair.identity({ refresh: 'invalid_grant' });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => failure(update(client))));
    expect(new Set(outcomes.map(({ reason }) => reason))).toEqual(new Set(['SIGN_IN_REQUIRED']));
    expect(await pair.counts()).toMatchObject({ refreshes: 1 });
    expect(visitor.cookies()).toHaveLength(1);
    await expectEnded(client);
    await visitor.signIn('operator');
    expect(await update(client)).toMatchObject(patch);
  });

  test.each(['unavailable', 'stall', 'invalid_client'])('%s leaves the session as it is', async (refresh) => {
    const { client, visitor } = await personDue();
    const cookies = visitor.cookies();
    const alarms = () => pair.service.lines({ level: 50 }).map(({ msg }) => msg);
    await pair.identity({ refresh });
    expect(await failure(update(client))).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE', httpStatus: 503 });
    expect(await current(client)).not.toBe('');
    expect(await pair.simulator.journal()).toEqual([]);
    expect(alarms()).toEqual(refresh === 'invalid_client' ? [expect.stringMatching(/an operator must/)] : []);
    await pair.identity({ refresh: 'ok' });
    // A renewal that never ends is given up at some time.
    await expect.poll(() => update(client).catch(() => undefined), { timeout: 20_000 }).toMatchObject(patch);
    expect(visitor.cookies()).toEqual(cookies);
  });
});

describe('when Graph refuses the token', () => {
  test('with a claims challenge, the next sign-in carries the claims', async () => {
    const { client, visitor } = await pair.person();
    const claims = () => visitor.browser.history.flatMap(({ url }) => url.searchParams.get('claims') ?? []);
    await pair.simulator.fault({ fault: 'claims-challenge' });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await pair.counts()).toMatchObject({ refreshes: 0 });
    expect(claims()).toEqual([]);
    await visitor.signIn('operator');
    expect(claims()).toEqual([expect.stringMatching(/^\{"access_token":\{"nbf":/)]);
    expect(await update(client)).toMatchObject(patch);
    await visitor.signIn('operator');
    expect(claims()).toHaveLength(1);
  });

  test('the renewed one too, the person has to sign in again', async () => {
    const { client } = await pair.person();
    await pair.simulator.fault({ fault: 'token-expired', times: 2 });
    expect(await failure(update(client))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
    expect(await pair.counts()).toMatchObject({ refreshes: 1 });
  });
});

describe('nothing is left', () => {
  test('after a sign-out, for a cookie that was kept', async () => {
    const { visitor } = await personDue();
    const kept = visitor.cookies();
    expect(kept).toHaveLength(1);
    expect(await visitor.signOut()).toMatchObject({ status: 200 });
    expect(visitor.cookies()).toEqual([]);
    await expectEnded(clientWith(pair.service, () => kept));
  });

  // ASVS 7.2.4: signing in again ends the session from before. The provider's answer comes without its Strict cookie.
  test('after another sign-in, for the cookie from before', async () => {
    const { visitor } = await personDue();
    const kept = visitor.cookies();
    await visitor.signIn('operator');
    expect(visitor.cookies()).not.toEqual(kept);
    await expectEnded(clientWith(pair.service, () => kept));
  });

  test('after a sign-out at the provider', async () => {
    const { client, visitor } = await personDue();
    const other = await pair.person('reader');
    const { html } = await visitor.browser.open(`${pair.simulator.url}/identity/session/end`);
    const frame = new URL(/<iframe [^>]*src="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '');
    expect(frame.origin).toBe(visitor.origin);
    expect(await visitor.browser.send(frame, { crossSite: true })).toMatchObject({ status: 200 });
    await expectEnded(client);
    expect(await get(other.client)).toEqual(pair.known.state);
  });
});

test('the doctor says that there is no token of its own to examine', async () => {
  const { stdout, exited } = startProgram('dist/doctor.js', pair.settings);
  expect(await exited).toBe(0);
  expect(stdout.map((line) => line.slice(0, 18).trim())).toEqual(['ok    settings', 'skip  token']);
});
