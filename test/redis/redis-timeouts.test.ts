import { expect, test } from 'vitest';
import { createStreamClient, manyStates, patches, readMany, rowsOf } from '../support/bulk.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { failure } from '../support/service.js';
import { visit } from '../support/visitor.js';

describeWithRedis('when Redis goes in the middle of it', () => {
  const all = useReplicas('here', { GRAPH_WRITES_PER_20S: '20', GRAPH_DEADLINE_MS: '15000' }, 'test');

  test('a write that still waits is told so, and is not sent', async () => {
    const { redis, simulator, known } = all;
    const { client, elsewhere } = await all.person();
    await simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
    const set = (errorDeviceCount: number) => ({ ...known.target, patch: { errorDeviceCount } });
    const first = client.scriptUserState.update.mutate(set(31));
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const second = failure(elsewhere.scriptUserState.update.mutate(set(32)));
    await expect.poll(() => redis.inspect.keys('script-state-bff:order:*')).toHaveLength(1);
    const [line = ''] = await redis.inspect.keys('script-state-bff:order:*');
    await expect.poll(() => redis.inspect.lLen(line)).toBe(2);
    await redis.stop();
    expect(await first).toMatchObject({ errorDeviceCount: 31 });
    expect(await second).toMatchObject({ reason: 'OVERLOADED', httpStatus: 503 });
    expect(await patches(simulator)).toHaveLength(1);
    await redis.start();
  });

  test('updates of many go on when it is back, each once', async () => {
    const { redis, simulator, one } = all;
    const { client, visitor } = await all.person();
    const rows = rowsOf(await manyStates({ client }, 15), 700);
    await simulator.reset();
    // The last one is answered after Redis has gone, and the first of the others waits for it.
    const [last] = rows.slice(-1);
    await simulator.fault({ fault: 'latency', method: 'PATCH', path: last?.userStateId ?? '', delayMs: 3000 });
    const stream = createStreamClient(one, { cookie: visitor.cookies().join('; ') });
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

describeWithRedis('a sign-in that is begun at one replica', () => {
  const publicUrl = 'http://localhost:4711';
  const all = useReplicas('here', { PUBLIC_URL: publicUrl });

  test('can be ended at the other, and holds at both', async () => {
    const { one, two, provider } = all;
    const [begins, ends] = [one, two].map((replica) => visit(replica, publicUrl, provider.issuer));
    if (begins === undefined || ends === undefined) throw new Error('two are wanted');
    const { url } = await begins.browser.open(`${publicUrl}/auth/sign-in`, undefined, '/auth/callback');
    for (const cookie of begins.cookies()) ends.browser.plant('localhost', cookie);
    expect(await ends.browser.open(url)).toMatchObject({ status: 200 });
    for (const cookie of ends.cookies()) begins.browser.plant('localhost', cookie);
    for (const each of [begins, ends]) expect(await each.call('session.current')).toMatchObject({ status: 200 });
  });
});
