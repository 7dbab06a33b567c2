import { expect, test } from 'vitest';
import { createStreamClient, manyStates, patches, readMany, rowsOf } from '../support/bulk.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { failure } from '../support/service.js';
import { createUserAgent } from '../support/user-agent.js';

describeWithRedis('when Redis becomes unavailable during a write', () => {
  const all = useReplicas('here', { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '15000' }, 'test');

  test('a waiting write fails, and is not sent', async () => {
    const { redis, simulator, known } = all;
    const { client, elsewhere } = await all.signIn();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    const first = client.scriptUserState.update.mutate(set(31));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = failure(elsewhere.scriptUserState.update.mutate(set(32)));
    await expect.poll(() => redis.inspect.keys('script-state-bff:order:*')).toHaveLength(1);
    const [queue = ''] = await redis.inspect.keys('script-state-bff:order:*');
    await expect.poll(() => redis.inspect.lLen(queue)).toBe(2);
    await redis.stop();
    expect(await first).toMatchObject({ errorDeviceCount: 31 });
    expect(await second).toMatchObject({ reason: 'OVERLOADED', httpStatus: 503 });
    expect(await patches(simulator)).toHaveLength(1);
    await redis.start();
  });

  test('a bulk update continues when Redis is back, and sends each row once', async () => {
    const { redis, simulator, one } = all;
    const { client, agent } = await all.signIn();
    const rows = rowsOf(await manyStates({ client }, 15), 700);
    await simulator.reset();
    // The response to the last row arrives after Redis stopped. The first of the other rows waits for it.
    const [last] = rows.slice(-1);
    await simulator.fault({ fault: 'latency', method: 'PATCH', path: last?.userStateId ?? '', delayMs: 3000 });
    const stream = createStreamClient(one, { cookie: agent.cookies().join('; ') });
    const first = readMany(stream, { updates: rows.slice(-1) });
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const again = rows.map((row) => ({ ...row, patch: { successDeviceCount: 900 } })).toReversed();
    const second = readMany(stream, { updates: again });
    await expect.poll(() => second.heard).not.toEqual([]);
    await redis.stop();
    expect(await first.over).toMatchObject([{ ok: true }]);
    await redis.start();
    expect((await second.over).filter(({ ok }) => ok)).toHaveLength(15);
    expect(await patches(simulator)).toHaveLength(16);
    const { patch, ...target } = again[0] ?? expect.fail('no rows');
    expect(await client.scriptUserState.get.query(target)).toMatchObject(patch);
  });
});

describeWithRedis('a sign-in that starts at one replica', () => {
  const publicUrl = 'http://localhost:4711';
  const all = useReplicas('here', { PUBLIC_URL: publicUrl });

  test('can finish at the other, and is valid at both', async () => {
    const { one, two, provider } = all;
    const [starting, finishing] = [one, two].map((replica) => createUserAgent(replica, publicUrl, provider.issuer));
    if (starting === undefined || finishing === undefined) throw new Error('no replicas');
    const { url } = await starting.browser.open(`${publicUrl}/auth/sign-in`, undefined, '/auth/callback');
    for (const cookie of starting.cookies()) finishing.browser.plant('localhost', cookie);
    expect(await finishing.browser.open(url)).toMatchObject({ status: 200 });
    for (const cookie of finishing.cookies()) starting.browser.plant('localhost', cookie);
    for (const each of [starting, finishing]) expect(await each.call('session.current')).toMatchObject({ status: 200 });
  });
});
