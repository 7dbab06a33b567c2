import { afterEach, expect, test } from 'vitest';
import { clientWith } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { startTestService, type TestService, untilReady } from '../support/service.js';

const prefix = 'script-state-bff:2:';

describeWithRedis('the data in Redis', () => {
  const all = useReplicas('here', {}, 'test');
  let restarted: TestService | undefined;
  afterEach(async () => {
    await restarted?.stop();
    restarted = undefined;
  });

  const keysOf = (kind: string) => all.redis.inspect.keys(`${prefix}${kind}:*`);
  const keyOf = async (kind: string) => {
    const [key, ...rest] = await keysOf(kind);
    expect(rest).toEqual([]);
    return key ?? expect.fail(`no ${kind}`);
  };
  const read = (key: string) => all.redis.inspect.get(key).then((value) => value ?? expect.fail(`no ${key}`));

  /** All keys and values, as text. */
  async function everything(): Promise<string> {
    const { inspect } = all.redis;
    const texts = (await inspect.keys('*')).map(async (key) => {
      const type = await inspect.type(key);
      if (type === 'string') return [key, await inspect.get(key)];
      return [key, ...(type === 'zset' ? await inspect.zRange(key, 0, -1) : await inspect.lRange(key, 0, -1))];
    });
    return (await Promise.all(texts)).flat().join('\n');
  }

  test('contains no readable token, name or cookie, and is deleted with the session', async () => {
    const { provider, known } = all;
    const { agent, client } = await all.signIn();
    await client.scriptUserState.update.mutate({
      ...known.target,
      patch: { userPrincipalName: 'canary-upn@contoso.example' },
    });
    const text = await everything();
    expect(text).toContain(`${prefix}tokens:`);
    const secrets = [...provider.issued, ...agent.cookies(), 'Some Body', 'canary-upn', provider.clientSecret];
    expect(provider.issued.length).toBeGreaterThan(2);
    for (const secret of secrets) expect(text).not.toContain(secret);
    for (const kind of ['session', 'tokens', 'person', 'sid']) {
      expect(await all.redis.inspect.pTTL(await keyOf(kind))).toBeGreaterThan(0);
    }
    await agent.signOut();
    await expect.poll(async () => [...(await keysOf('session')), ...(await keysOf('tokens'))]).toEqual([]);
  });

  test.each<[string, (value: string) => string]>([
    ['is empty', () => ''],
    ['is random text', () => 'garbage'],
    ['is not sealed', () => JSON.stringify({ signedIn: { oid: 'x', name: 'x', roles: ['operator'], endsAt: 1e15 } })],
    ['is truncated', (value) => value.slice(0, -8)],
    ['was changed', (value) => `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`],
  ])('a session that %s counts as none', async (_, change) => {
    const { client, elsewhere, agent } = await all.signIn();
    const key = await keyOf('session');
    await all.redis.inspect.set(key, change(await read(key)), { expiration: 'KEEPTTL' });
    for (const each of [client, elsewhere]) {
      expect(await failure(each.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    }
    await agent.signIn('operator');
    expect(await elsewhere.session.current.query()).toHaveProperty('user');
  });

  test('cannot be moved to another key', async () => {
    const { inspect } = all.redis;
    const first = await all.signIn();
    const key = await keyOf('session');
    const tokens = await keyOf('tokens');
    const [session, sealed] = [await read(key), await read(tokens)];
    const second = await all.signIn();
    const [other = ''] = (await keysOf('session')).filter((each) => each !== key);
    await inspect.set(other, session);
    expect(await failure(second.client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    await inspect.set(key, sealed);
    expect(await failure(first.client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    await inspect.set(key, session);
    const [foreign = ''] = (await keysOf('tokens')).filter((each) => each !== tokens);
    await inspect.set(tokens, await read(foreign));
    expect(await failure(first.client.scriptUserState.get.query(all.known.target))).toMatchObject({
      reason: 'SIGN_IN_REQUIRED',
    });
  });

  test.each(['session', 'tokens'])('a %s key of the wrong type fails closed', async (kind) => {
    const { client } = await all.signIn();
    const key = await keyOf(kind);
    await all.redis.inspect.del(key);
    await all.redis.inspect.rPush(key, 'garbage');
    const error = await failure(client.scriptUserState.get.query(all.known.target));
    expect(error).toMatchObject({ reason: 'OVERLOADED', httpStatus: 503 });
  });

  test('invalid entries in a queue are skipped, and an invalid quota is not exceeded', async () => {
    const { inspect } = all.redis;
    const { known, simulator } = all;
    const { client } = await all.signIn();
    const update = (errorDeviceCount: number) =>
      client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount } });
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 500 });
    const first = update(1);
    const queue = await expect
      .poll(() => keysOf('order'))
      .toHaveLength(1)
      .then(() => keyOf('order'));
    await first;
    await inspect.rPush(queue, ['', ' ', 'x', 'dead 7 y', 'garbage '.repeat(100)]);
    expect(await update(2)).toMatchObject({ errorDeviceCount: 2 });

    const quota = (await keysOf('quota')).find((key) => key.endsWith('writes')) ?? expect.fail('no quota');
    await inspect.zAdd(quota, { score: Number.POSITIVE_INFINITY, value: 'garbage' });
    expect(await update(3)).toMatchObject({ errorDeviceCount: 3 });
    expect(await inspect.zScore(quota, 'garbage')).toBeNull();
    await inspect.set(quota, 'garbage');
    expect(await failure(update(4))).toMatchObject({ reason: 'OVERLOADED' });
    expect(await client.session.current.query()).toHaveProperty('user');
  });

  test('opens with the previous secret, and is sealed with the new one on refresh', async () => {
    const { provider, settings, known } = all;
    const [old = '', fresh] = [settings['SESSION_SECRET'], 'a-fresh-session-secret-of-the-tests-own'];
    provider.accessTokenSeconds = 30;
    const { agent } = await all.signIn();
    provider.accessTokenSeconds = 3600;
    restarted = await startTestService({ ...settings, SESSION_SECRET: `${fresh},${old}` });
    const get = (service: TestService) =>
      clientWith(service, () => agent.cookies()).scriptUserState.get.query(known.target);
    await untilReady(restarted.address);
    const before = await read(await keyOf('tokens'));
    expect(await get(restarted)).toEqual(known.state);
    expect(await read(await keyOf('tokens'))).not.toBe(before);
    // A replica with only the previous secret cannot open it.
    expect(
      await failure(clientWith(all.two, () => agent.cookies()).scriptUserState.get.query(known.target)),
    ).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    await restarted.stop();
    restarted = await startTestService({ ...settings, SESSION_SECRET: fresh });
    await untilReady(restarted.address);
    expect(await failure(get(restarted))).toMatchObject({ reason: 'SIGN_IN_REQUIRED', httpStatus: 401 });
  });
});
