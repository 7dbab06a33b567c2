import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { Secret } from '../../src/secret.js';
import { createStreamClient, manyStates, readMany, rowsOf } from '../support/bulk.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { createUserAgent } from '../support/user-agent.js';

describeWithRedis('a command that times out', () => {
  let server: TestRedis;
  let redis: Redis;
  beforeEach(async () => {
    server = await startRedis();
    redis = createRedis(new Secret(server.url), createLog('silent'));
    await expect.poll(() => redis.isUp()).toBe(true);
  });
  afterEach(async () => {
    server.resume();
    await redis.close();
    await server.close();
  });

  test('takes no slots when Redis runs it later', async () => {
    const pool = createRedisSlotPool({
      redis,
      replicaId: 'one',
      name: 'test',
      limit: 10,
      windowMs: 20_000,
      deadlineMs: 30_000,
    });
    const request = () => pool.request(() => ({ interactive: 10, bulk: 0 }));
    server.pause();
    await expect(request()).rejects.toMatchObject({ reason: 'OVERLOADED' });
    server.resume();
    await expect.poll(() => redis.isUp()).toBe(true);
    await expect.poll(() => pool.used()).toBe(0);
    expect((await request()).slots.interactive).toHaveLength(10);
  });
});

describeWithRedis('with invalid data in Redis', () => {
  const all = useReplicas('here', { GRAPH_WRITES_PER_20S: '20' }, 'test');

  test('a sign-in that is stored only in part starts no session', async () => {
    const { redis, one, provider } = all;
    await all.signIn();
    const [index = ''] = await redis.inspect.keys('script-state-bff:person:*');
    const before = await redis.inspect.keys('script-state-bff:session:*');
    // A string in the place of the sorted set: the index cannot be written.
    await redis.inspect.multi().del(index).set(index, 'garbage').exec();
    const agent = createUserAgent(one, undefined, provider.issuer);
    const page = await agent.signIn('operator');
    expect([page.status, page.html]).toEqual([503, expect.stringContaining('Nothing has been changed')]);
    expect(agent.cookies()).toEqual([]);
    expect(await agent.call('session.current')).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await redis.inspect.keys('script-state-bff:session:*')).toEqual(before);
  });

  test('an invalid queue blocks only its own state', async () => {
    const { redis, simulator, one } = all;
    const { client, agent } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 5), 300);
    await client.scriptUserState.update.mutate(rows[0] ?? expect.fail('no rows'));
    await simulator.reset();
    const { scriptKind, scriptId, userStateId } = rows[0] ?? expect.fail('no rows');
    const path = `deviceManagement/${scriptKind}s/${scriptId}/userRunStates/${encodeURIComponent(userStateId)}`;
    await redis.inspect.set(`script-state-bff:order:${path.toLowerCase()}`, 'garbage');
    const stream = createStreamClient(one, { cookie: agent.cookies().join('; ') });
    const bulk = readMany(stream, { updates: [...rows] });
    await expect.poll(() => bulk.results().length).toBeGreaterThanOrEqual(4);
    bulk.leave();
  });

  test('a quota with members that never expire causes no additional commands', async () => {
    const { redis, known } = all;
    const { client } = await all.signIn();
    const garbage = Array.from({ length: 20 }, (_, index) => ({ score: Number.POSITIVE_INFINITY, value: `${index}` }));
    await redis.inspect.zAdd('script-state-bff:quota:writes', garbage);
    const commandsProcessed = async () =>
      Number(/commands_processed:(\d+)/.exec(await redis.inspect.info('stats'))?.[1]);
    const before = await commandsProcessed();
    const patch = { errorDeviceCount: 33 };
    await client.scriptUserState.update.mutate({ ...known.target, patch }).catch(() => undefined);
    expect((await commandsProcessed()) - before).toBeLessThan(1_000);
    await redis.inspect.del('script-state-bff:quota:writes');
    expect(await client.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
  });
});
