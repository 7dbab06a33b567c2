import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobLimits } from '../../src/jobs/job-limits.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import type { Redis } from '../../src/redis/connection.js';
import { createRedisJobStore } from '../../src/redis/job-store.js';
import { rowsOf } from '../support/bulk.js';
import { expectSentOnce, startJob, untilDone } from '../support/job-replicas.js';
import { patches } from '../support/journal.js';
import { connectRedis, describeWithRedis, type TestRedis } from '../support/redis.js';
import { startSentinel, type TestSentinel } from '../support/sentinel.js';
import { canaryToken, liveSettings, startTestService, type TestService, untilReady } from '../support/service.js';
import { startTestSimulator, stopWithSimulator, type TestSimulator } from '../support/simulator.js';
import { manyStates } from '../support/states.js';

const secret = 'a-session-secret-for-tests-of-jobs';
const slowly = { interval: 20, timeout: 60_000 };

describeWithRedis('a job whose Redis fails over to another primary', () => {
  let sentinel: TestSentinel;
  let simulator: TestSimulator;
  let one: TestService;
  let two: TestService;
  let connection: Redis;
  let store: JobStore;
  beforeEach(async () => {
    sentinel = await startSentinel('bff:a-password', 'another-password');
    simulator = await startTestSimulator({ token: canaryToken });
    await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
    const settings = {
      ...liveSettings(simulator),
      GRAPH_WRITES_PER_20S: '100000',
      SESSION_SECRET: secret,
      REDIS_URL: sentinel.url,
    };
    [one, two] = [await startTestService(settings), await startTestService(settings)];
    for (const { address } of [one, two]) await untilReady(address);
    connection = await connectRedis(sentinel.url);
    const options = { secrets: [secret], limits: jobLimits, retentionMs: 86_400_000, onUnreadable: () => undefined };
    store = createRedisJobStore(connection, options);
  });
  afterEach(async () => {
    for (const server of sentinel.servers) server.resume();
    await connection.close();
    await stopWithSimulator(simulator, one, two);
    await sentinel.close();
  });

  const sent = async () => (await patches(simulator)).length;

  /** Keeps the replica from connecting again, so that it lacks the latest rows when the primary is killed. */
  async function killUnreplicated(primary: TestRedis): Promise<void> {
    const { inspect } = sentinel.servers[1];
    await inspect.configSet({ masteruser: 'nobody', masterauth: 'wrong' });
    await primary.inspect.sendCommand(['CLIENT', 'KILL', 'TYPE', 'REPLICA']);
    const before = await sent();
    await expect.poll(sent, slowly).toBeGreaterThanOrEqual(before + 40);
    await primary.kill();
  }

  test.each<[string, (server: TestRedis) => unknown]>([
    ['is killed', (server) => server.kill()],
    ['hangs', (server) => server.pause()],
    ['is killed before it has replicated the latest rows', killUnreplicated],
  ])('continues when the primary %s, and sends no row twice', async (_, take) => {
    const updates = rowsOf(await manyStates(one, 120), 1_000);
    await simulator.reset();
    await simulator.settings({ latencyMs: 500 });
    const jobId = await startJob(one, updates);
    await expect.poll(sent, slowly).toBeGreaterThanOrEqual(20);
    const [primary, replica] = sentinel.servers;
    await take(primary);
    const rows = await untilDone({ store }, jobId);
    expect(await sentinel.primaryPort()).toBe(Number(new URL(replica.url).port));
    expect(rows.map(({ outcome }) => outcome)).toEqual(updates.map(() => 'applied'));
    expect((await store.get(jobId))?.counts).toMatchObject({ applied: updates.length, waiting: 0 });
    expectSentOnce(updates, await patches(simulator));
    for (const service of [one, two]) expect(service.lines({ msg: 'a job stopped unexpectedly' })).toEqual([]);
  });
});
