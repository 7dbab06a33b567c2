import { describe, expect, test } from 'vitest';
import { createBatchClient, createStreamClient, patches } from '../support/bulk.js';
import type { Delegate } from '../support/delegated.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { failure, startTestService, untilReady } from '../support/service.js';
import { visit } from '../support/visitor.js';

const away = { reason: 'OVERLOADED', httpStatus: 503, retryAfterMs: 1_000 };

describeWithRedis('while Redis is away', () => {
  const all = useReplicas('here', { GRAPH_DEADLINE_MS: '15000' }, 'test');

  const status = async (path: string) => (await fetch(`${all.one.address}${path}`)).status;

  /** What each kind of call is told. */
  async function expectRefused({ visitor, client }: Pick<Delegate, 'visitor' | 'client'>): Promise<void> {
    const { one, known } = all;
    const { target } = known;
    const patch = { errorDeviceCount: 3 };
    const cookie = { cookie: visitor.cookies().join('; ') };
    const batch = createBatchClient(one, () => cookie);
    const calls = [
      client.session.current.query(),
      client.scriptUserState.get.query(target),
      client.scriptUserState.update.mutate({ ...target, patch }),
      batch.scriptUserState.get.query(target),
      batch.script.list.query({ scriptKind: target.scriptKind }),
      createStreamClient(one, cookie).scriptUserState.updateMany.mutate({ updates: [{ ...target, patch }] }),
    ];
    for (const told of await Promise.all(calls.map(failure))) expect(told).toMatchObject(away);
    const { page } = await visitor.call('session.current');
    expect([page.status, page.headers['retry-after'], page.setCookies]).toEqual([503, '1', []]);
    expect(page.headers['x-request-id']).toBe(
      (JSON.parse(page.html) as { error: { data: { requestId: string } } }).error.data.requestId,
    );
  }

  describe.each<[string, (redis: TestRedis) => unknown, (redis: TestRedis) => unknown]>([
    ['has ended', (redis) => redis.stop(), (redis) => redis.start()],
    ['does not answer', (redis) => redis.pause(), (redis) => redis.resume()],
  ])('because it %s', (_, take, bringBack) => {
    test('nobody is taken for signed out, and all is well when it is back', async () => {
      const { redis, one, two, simulator } = all;
      const person = await all.person();
      const cookies = person.visitor.cookies();
      await take(redis);
      await expectRefused(person);
      expect(await status('/healthz')).toBe(200);
      expect(await status('/readyz')).toBe(503);
      expect(await status('/')).toBe(200);
      expect(await simulator.journal()).toEqual([]);

      await bringBack(redis);
      for (const { address } of [one, two]) await untilReady(address);
      expect(await person.client.session.current.query()).toHaveProperty('user');
      expect(await person.elsewhere.session.current.query()).toHaveProperty('user');
      expect(person.visitor.cookies()).toEqual(cookies);
    });

    test('nobody is told that they have signed in or out', async () => {
      const { redis, one, provider } = all;
      const person = await all.person();
      await take(redis);
      const page = await person.visitor.signOut();
      expect([page.status, page.html]).toEqual([503, expect.stringContaining('Sessions are not available')]);
      const late = visit(one, undefined, provider.issuer);
      const end = await late.signIn('operator');
      expect([end.status, end.html]).toEqual([503, expect.stringContaining('Sessions are not available')]);

      await bringBack(redis);
      await untilReady(one.address);
      expect(await person.client.session.current.query()).toHaveProperty('user');
      expect(await late.call('session.current')).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });
  });

  test('a write that has been sent is seen through and accounted for', async () => {
    const { redis, simulator, known, one } = all;
    const { client } = await all.person();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const update = client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 71 } });
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    await redis.stop();
    expect(await update).toMatchObject({ errorDeviceCount: 71 });
    expect(one.logged.filter((line) => line.includes('"outcome":"applied"'))).toHaveLength(1);
    await redis.start();
  });

  test('a write that Graph put off, and that can not be sent again or looked after, is in doubt', async () => {
    const { redis, simulator, known, one } = all;
    const { client } = await all.person();
    await simulator.fault({ fault: 'throttled-applied', method: 'PATCH', delayMs: 3000 });
    const told = failure(client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 77 } }));
    await expect.poll(async () => (await patches(simulator))[0]).toMatchObject({ status: 429, applied: true });
    redis.pause();
    expect(await told).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(one.logged.filter((line) => line.includes('"outcome":"unknown"'))).toHaveLength(1);
  });

  test('a write that waits for another one goes on when it is back', async () => {
    const { redis, simulator, known } = all;
    const { client, elsewhere } = await all.person();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    const first = client.scriptUserState.update.mutate(set(81));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = elsewhere.scriptUserState.update.mutate(set(82));
    const [line = ''] = await redis.inspect.keys('script-state-bff:order:*');
    await expect.poll(() => redis.inspect.lLen(line)).toBe(2);
    await redis.stop();
    expect(await first).toMatchObject({ errorDeviceCount: 81 });
    await redis.start();
    expect(await second).toMatchObject({ errorDeviceCount: 82 });
  });

  test('two writes of one replica that lost their places do not wait for each other', async () => {
    const { redis, simulator, known } = all;
    const { client } = await all.person();
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const first = client.scriptUserState.update.mutate(set(51));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = client.scriptUserState.update.mutate(set(52));
    const third = client.scriptUserState.update.mutate(set(53));
    const [line = ''] = await redis.inspect.keys('script-state-bff:order:*');
    await expect.poll(() => redis.inspect.lLen(line)).toBe(3);
    // As they would come back in after they were lost: in any order.
    const [a = '', b = '', c = ''] = await redis.inspect.lRange(line, 0, -1);
    await redis.inspect.multi().del(line).rPush(line, [a, c, b]).exec();
    expect(await Promise.all([first, second, third])).toMatchObject([51, 52, 53].map((each) => set(each).patch));
    expect((await patches(simulator)).map(({ body }) => body)).toMatchObject(
      [51, 52, 53].map((each) => set(each).patch),
    );
    expect(await status('/readyz')).toBe(200);
  });

  test('a service that is started is alive, and ready as soon as it is back', async () => {
    const { redis, settings } = all;
    await redis.stop();
    const late = await startTestService(settings);
    try {
      const ask = async (path: string) => (await fetch(`${late.address}${path}`)).status;
      expect([await ask('/healthz'), await ask('/readyz')]).toEqual([200, 503]);
      await redis.start();
      await untilReady(late.address);
    } finally {
      await late.stop();
    }
  });

  test('what is lost with it makes people sign in again, and breaks nothing else', async () => {
    const { redis, known } = all;
    const { client, visitor } = await all.person();
    await redis.inspect.flushAll();
    expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    await visitor.signIn('operator');
    const patch = { errorDeviceCount: 91 };
    expect(await client.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
  });
});
