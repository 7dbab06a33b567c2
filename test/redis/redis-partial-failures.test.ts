import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallError } from '../../src/errors.js';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { createRedisSlotPool } from '../../src/redis/slot-pool.js';
import { Secret } from '../../src/secret.js';
import { createStreamClient, manyStates, readMany, rowsOf } from '../support/bulk.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { visit } from '../support/visitor.js';

describeWithRedis('what Redis is asked for while it hangs', () => {
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

  test('takes no slots for nobody when it wakes', async () => {
    const slots = createRedisSlotPool({ redis, replica: 'one', name: 'test', limit: 10, deadlineMs: 30_000 });
    const ask = () => slots.ask({ interactive: 10, bulk: 0 });
    server.pause();
    expect(await ask()).toMatchObject({ reason: 'OVERLOADED' });
    server.resume();
    await expect.poll(() => redis.isUp()).toBe(true);
    await expect.poll(() => slots.used()).toBe(0);
    const granted = await ask();
    expect(granted instanceof CallError || granted.interactive).toHaveLength(10);
  });
});

describeWithRedis('when Redis goes in the middle of it', () => {
  const all = useReplicas('here', { GRAPH_WRITES_PER_20S: '20' }, 'test');

  test('a sign-in of which only a part could be kept has begun no session', async () => {
    const { redis, one, provider } = all;
    await all.person();
    const [list = ''] = await redis.inspect.keys('script-state-bff:person:*');
    const before = await redis.inspect.keys('script-state-bff:session:*');
    // Nothing can be added to it.
    await redis.inspect.multi().del(list).set(list, 'garbage').exec();
    const visitor = visit(one, undefined, provider.issuer);
    const page = await visitor.signIn('operator');
    expect([page.status, page.html]).toEqual([503, expect.stringContaining('Nothing has been changed')]);
    expect(visitor.cookies()).toEqual([]);
    expect(await visitor.call('session.current')).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await redis.inspect.keys('script-state-bff:session:*')).toEqual(before);
  });

  test('a line that is none holds up nobody but the state that it is of', async () => {
    const { redis, simulator, one } = all;
    const { client, visitor } = await all.person();
    const rows = rowsOf(await manyStates({ client }, 5), 300);
    await client.scriptUserState.update.mutate(rows[0] ?? expect.fail('no rows'));
    await simulator.reset();
    const { scriptKind, scriptId, userStateId } = rows[0] ?? expect.fail('no rows');
    const path = `deviceManagement/${scriptKind}s/${scriptId}/userRunStates/${encodeURIComponent(userStateId)}`;
    await redis.inspect.set(`script-state-bff:order:${path.toLowerCase()}`, 'garbage');
    const stream = createStreamClient(one, { cookie: visitor.cookies().join('; ') });
    const bulk = readMany(stream, { updates: [...rows] });
    await expect.poll(() => bulk.results().length).toBeGreaterThanOrEqual(4);
    bulk.leave();
  });

  test('a quota with members that never end is asked for no more often than another', async () => {
    const { redis, known } = all;
    const { client } = await all.person();
    const garbage = Array.from({ length: 20 }, (_, index) => ({ score: Number.POSITIVE_INFINITY, value: `${index}` }));
    await redis.inspect.zAdd('script-state-bff:quota:writes', garbage);
    const asked = async () => Number(/commands_processed:(\d+)/.exec(await redis.inspect.info('stats'))?.[1]);
    const before = await asked();
    const patch = { errorDeviceCount: 33 };
    await client.scriptUserState.update.mutate({ ...known.target, patch }).catch(() => undefined);
    expect((await asked()) - before).toBeLessThan(1_000);
    await redis.inspect.del('script-state-bff:quota:writes');
    expect(await client.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
  });
});
