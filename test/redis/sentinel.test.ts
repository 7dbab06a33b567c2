import { afterEach, beforeEach, expect, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { clientWith } from '../support/clients.js';
import { delegated, signInUser, type TestUser } from '../support/delegated.js';
import { runDoctor } from '../support/doctor.js';
import { patches, stateOf } from '../support/journal.js';
import { startProvider, type TestProvider } from '../support/provider.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { startSentinel, type TestSentinel } from '../support/sentinel.js';
import { startTestService, type TestService, untilReady } from '../support/service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from '../support/simulator.js';
import { manyStates } from '../support/states.js';

const writesPer20s = 10;

describeWithRedis('a Redis that Sentinel monitors', () => {
  let sentinel: TestSentinel;
  let simulator: TestSimulator;
  let provider: TestProvider;
  let one: TestService;
  let two: TestService;
  let user: TestUser;
  let elsewhere: TestService['client'];
  beforeEach(async () => {
    sentinel = await startSentinel('bff:a-password', 'another-password');
    simulator = await startTestSimulator();
    provider = await startProvider({ register: (token) => simulator.register(token) });
    const settings = {
      ...delegated(simulator, provider),
      REDIS_URL: sentinel.url,
      GRAPH_DEADLINE_MS: '90000',
      GRAPH_WRITES_PER_20S: String(writesPer20s),
    };
    [one, two] = [await startTestService(settings), await startTestService(settings)];
    for (const { address } of [one, two]) await untilReady(address);
    user = await signInUser(one, provider.issuer);
    elsewhere = clientWith(two, () => user.agent.cookies());
  });
  afterEach(async () => {
    for (const server of sentinel.servers) server.resume();
    await stopWithSimulator(simulator, one, two, provider);
    await sentinel.close();
  });

  test('is checked by the doctor', async () => {
    expect((await runDoctor({ REDIS_URL: sentinel.url })).steps).toContain('ok redis');
  });

  test.each<[string, (server: TestRedis) => unknown]>([
    ['is killed', (server) => server.kill()],
    ['hangs', (server) => server.pause()],
  ])('when the primary %s, waiting and further calls continue in order, within the quota', async (_, take) => {
    const [primary, replica] = sentinel.servers;
    const rows = rowsOf(await manyStates(user, 5), 100);
    const [row, ...others] = rows;
    if (row === undefined) throw new Error('no rows');
    await simulator.reset();
    await simulator.settings({ writesPer20s });
    const set = (errorDeviceCount: number) => ({ ...row, patch: { errorDeviceCount } });
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 10_000 });
    const call = (client: TestService['client'], count: number) => {
      const update = client.scriptUserState.update.mutate(set(count));
      update.catch(() => undefined);
      return update;
    };
    const calls = [call(user.client, 1)];
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const key = 'script-state-bff:2:order:*';
    for (let count = 2; count <= 4; count++) {
      calls.push(call(count % 2 === 0 ? elsewhere : user.client, count));
      await expect
        .poll(async () => {
          await primary.inspect.select(1);
          const [queue = ''] = await primary.inspect.keys(key);
          return queue === '' ? 0 : primary.inspect.lLen(queue);
        })
        .toBe(count);
    }
    await primary.inspect.wait(1, 0);
    await take(primary);
    const late = others.map((each) => user.client.scriptUserState.update.mutate(each).catch(() => undefined));
    expect(await Promise.all(calls)).toMatchObject([1, 2, 3, 4].map((count) => set(count).patch));
    expect(await sentinel.primaryPort()).toBe(Number(new URL(replica.url).port));
    for (const { address } of [one, two]) await untilReady(address);
    await Promise.all(late);
    expect(await elsewhere.session.current.query()).toHaveProperty('user');
    await Promise.all(others.map((each) => elsewhere.scriptUserState.update.mutate(each)));

    const journal = await patches(simulator);
    const ofRow = journal.filter((entry) => stateOf(entry) === row.userStateId);
    expect(ofRow.map(({ body }) => body)).toMatchObject([1, 2, 3, 4].map((count) => set(count).patch));
    expect(journal.filter(({ status }) => status === 429)).toEqual([]);
    // One line for each outage, and one for its end. A slow machine can have a second outage.
    const expected = ['Redis is unavailable', 'Redis is available again'];
    const reports = () => one.lines({}).flatMap(({ msg }) => (expected.includes(String(msg)) ? [msg] : []));
    await expect.poll(() => reports().at(-1)).toBe('Redis is available again');
    expect(reports()).toEqual(Array.from(reports(), (_report, index) => expected[index % 2]));
  });
});
