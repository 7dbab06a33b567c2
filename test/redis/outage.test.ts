import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createBatchClient, createStreamClient } from '../support/clients.js';
import type { TestUser } from '../support/delegated.js';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { startTestService, untilReady } from '../support/service.js';
import { createUserAgent } from '../support/user-agent.js';

const unavailable = { reason: 'OVERLOADED', httpStatus: 503, retryAfterMs: 1_000 };

describeWithRedis('while Redis is unavailable', () => {
  const all = useReplicas('here', { GRAPH_DEADLINE_MS: '15000' }, 'test');

  const status = async (path: string) => (await request(all.one.address).get(path)).status;

  /** Expects that each kind of call fails. */
  async function expectAllFail({ agent, client }: Pick<TestUser, 'agent' | 'client'>): Promise<void> {
    const { one, known } = all;
    const { target } = known;
    const patch = { errorDeviceCount: 3 };
    const cookie = { cookie: agent.cookies().join('; ') };
    const batch = createBatchClient(one, () => cookie);
    const calls = [
      client.session.current.query(),
      client.scriptUserState.get.query(target),
      client.scriptUserState.update.mutate({ ...target, patch }),
      batch.scriptUserState.get.query(target),
      batch.script.list.query({ scriptKind: target.scriptKind }),
      createStreamClient(one, cookie).scriptUserState.updateMany.mutate({ updates: [{ ...target, patch }] }),
    ];
    for (const error of await Promise.all(calls.map(failure))) expect(error).toMatchObject(unavailable);
    const { page } = await agent.call('session.current');
    expect([page.status, page.headers['retry-after'], page.setCookies]).toEqual([503, '1', []]);
    expect(page.headers['x-request-id']).toBe(
      (JSON.parse(page.html) as { error: { data: { requestId: string } } }).error.data.requestId,
    );
  }

  describe.each<[string, (redis: TestRedis) => unknown, (redis: TestRedis) => unknown]>([
    ['stopped', (redis) => redis.stop(), (redis) => redis.start()],
    ['does not respond', (redis) => redis.pause(), (redis) => redis.resume()],
  ])('because it %s', (_, take, bringBack) => {
    test('no user appears signed out, and the service recovers', async () => {
      const { redis, one, two, simulator } = all;
      const user = await all.signIn();
      const cookies = user.agent.cookies();
      await take(redis);
      await expectAllFail(user);
      expect(await status('/healthz')).toBe(200);
      expect(await status('/readyz')).toBe(503);
      expect(await status('/')).toBe(200);
      expect(await simulator.journal()).toEqual([]);

      await bringBack(redis);
      for (const { address } of [one, two]) await untilReady(address);
      expect(await user.client.session.current.query()).toHaveProperty('user');
      expect(await user.elsewhere.session.current.query()).toHaveProperty('user');
      expect(user.agent.cookies()).toEqual(cookies);
    });

    test('sign-in and sign-out fail with a page', async () => {
      const { redis, one, provider } = all;
      const user = await all.signIn();
      await take(redis);
      const page = await user.agent.signOut();
      expect([page.status, page.html]).toEqual([503, expect.stringContaining('Sessions unavailable')]);
      const late = createUserAgent(one, undefined, provider.issuer);
      const end = await late.signIn('operator');
      expect([end.status, end.html]).toEqual([503, expect.stringContaining('Sessions unavailable')]);

      await bringBack(redis);
      await untilReady(one.address);
      expect(await user.client.session.current.query()).toHaveProperty('user');
      expect(await late.call('session.current')).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    });
  });

  test('a write that was sent completes and is audited', async () => {
    const { redis, simulator, known, one } = all;
    const { client } = await all.signIn();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const update = client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 71 } });
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    await redis.stop();
    expect(await update).toMatchObject({ errorDeviceCount: 71 });
    expect(one.logged.filter((line) => line.includes('"outcome":"applied"'))).toHaveLength(1);
    await redis.start();
  });

  test('a deferred write that can be neither retried nor verified has an unknown outcome', async () => {
    const { redis, simulator, known, one } = all;
    const { client } = await all.signIn();
    await simulator.fault({ fault: 'throttled-applied', method: 'PATCH', delayMs: 3000 });
    const error = failure(client.scriptUserState.update.mutate({ ...known.target, patch: { errorDeviceCount: 77 } }));
    await expect.poll(async () => (await patches(simulator))[0]).toMatchObject({ status: 429, applied: true });
    redis.pause();
    expect(await error).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(one.logged.filter((line) => line.includes('"outcome":"unknown"'))).toHaveLength(1);
  });

  test('a write that waits for another one continues when Redis is back', async () => {
    const { redis, simulator, known } = all;
    const { client, elsewhere } = await all.signIn();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    const first = client.scriptUserState.update.mutate(set(81));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = elsewhere.scriptUserState.update.mutate(set(82));
    const [queue = ''] = await redis.inspect.keys('script-state-bff:2:order:*');
    await expect.poll(() => redis.inspect.lLen(queue)).toBe(2);
    await redis.stop();
    expect(await first).toMatchObject({ errorDeviceCount: 81 });
    await redis.start();
    expect(await second).toMatchObject({ errorDeviceCount: 82 });
  });

  test('two writes of one replica whose queue positions were lost do not deadlock', async () => {
    const { redis, simulator, known } = all;
    const { client } = await all.signIn();
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const first = client.scriptUserState.update.mutate(set(51));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = client.scriptUserState.update.mutate(set(52));
    const third = client.scriptUserState.update.mutate(set(53));
    const [queue = ''] = await redis.inspect.keys('script-state-bff:2:order:*');
    await expect.poll(() => redis.inspect.lLen(queue)).toBe(3);
    // After a loss, tickets join the queue again in any order.
    const [a = '', b = '', c = ''] = await redis.inspect.lRange(queue, 0, -1);
    await redis.inspect.multi().del(queue).rPush(queue, [a, c, b]).exec();
    expect(await Promise.all([first, second, third])).toMatchObject([51, 52, 53].map((each) => set(each).patch));
    expect((await patches(simulator)).map(({ body }) => body)).toMatchObject(
      [51, 52, 53].map((each) => set(each).patch),
    );
    expect(await status('/readyz')).toBe(200);
  });

  test('a service that starts is alive, and ready once Redis is back', async () => {
    const { redis, settings } = all;
    await redis.stop();
    const late = await startTestService(settings);
    try {
      const statusOf = async (path: string) => (await request(late.address).get(path)).status;
      expect([await statusOf('/healthz'), await statusOf('/readyz')]).toEqual([200, 503]);
      await redis.start();
      await untilReady(late.address);
    } finally {
      await late.stop();
    }
  });

  test('after a loss of all data, users have to sign in again, and all else works', async () => {
    const { redis, known } = all;
    const { client, agent } = await all.signIn();
    await redis.inspect.flushAll();
    expect(await failure(client.session.current.query())).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    await agent.signIn('operator');
    const patch = { errorDeviceCount: 91 };
    expect(await client.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
  });
});
