import { expect, test } from 'vitest';
import { readMany, rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { manyStates } from '../support/states.js';
import { createUserAgent } from '../support/user-agent.js';

describeWithRedis('with invalid data in Redis', () => {
  const all = useReplicas('here', { GRAPH_WRITES_PER_20S: '20' }, 'test');

  test('a sign-in that is stored only in part starts no session', async () => {
    const { redis, one, provider } = all;
    await all.signIn();
    const [index = ''] = await redis.inspect.keys('script-state-bff:2:person:*');
    const before = await redis.inspect.keys('script-state-bff:2:session:*');
    // A string in the place of the sorted set: the index cannot be written.
    await redis.inspect.multi().del(index).set(index, 'garbage').exec();
    const agent = createUserAgent(one, undefined, provider.issuer);
    const page = await agent.signIn('operator');
    expect([page.status, page.html]).toEqual([503, expect.stringContaining('Nothing has been changed')]);
    expect(agent.cookies()).toEqual([]);
    expect(await agent.call('session.current')).toMatchObject({ reason: 'SIGN_IN_REQUIRED' });
    expect(await redis.inspect.keys('script-state-bff:2:session:*')).toEqual(before);
  });

  test('an invalid queue blocks only its own state', async () => {
    const { redis, simulator, one } = all;
    const { client, agent } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 5), 300);
    await client.scriptUserState.update.mutate(rows[0] ?? expect.fail('no rows'));
    await simulator.reset();
    const { scriptKind, scriptId, userStateId } = rows[0] ?? expect.fail('no rows');
    const path = `deviceManagement/${scriptKind}s/${scriptId}/userRunStates/${encodeURIComponent(userStateId)}`;
    await redis.inspect.set(`script-state-bff:2:order:${path.toLowerCase()}`, 'garbage');
    const stream = createStreamClient(one, { cookie: agent.cookies().join('; ') });
    const bulk = readMany(stream, { updates: [...rows] });
    await expect.poll(() => bulk.results().length).toBeGreaterThanOrEqual(4);
    bulk.abort();
  });

  test('a quota with members that never expire causes no additional commands', async () => {
    const { redis, known } = all;
    const { client } = await all.signIn();
    const garbage = Array.from({ length: 20 }, (_, index) => ({ score: Number.POSITIVE_INFINITY, value: `${index}` }));
    await redis.inspect.zAdd('script-state-bff:2:quota:writes', garbage);
    const commandsProcessed = async () =>
      Number(/commands_processed:(\d+)/.exec(await redis.inspect.info('stats'))?.[1]);
    const before = await commandsProcessed();
    const patch = { errorDeviceCount: 33 };
    await client.scriptUserState.update.mutate({ ...known.target, patch }).catch(() => undefined);
    expect((await commandsProcessed()) - before).toBeLessThan(1_000);
    await redis.inspect.del('script-state-bff:2:quota:writes');
    expect(await client.scriptUserState.update.mutate({ ...known.target, patch })).toMatchObject(patch);
  });
});
