import { expect, test } from 'vitest';
import { readMany, rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { describeWithRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { manyStates } from '../support/states.js';

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
    await expect.poll(() => redis.inspect.keys('script-state-bff:2:order:*')).toHaveLength(1);
    const [queue = ''] = await redis.inspect.keys('script-state-bff:2:order:*');
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
    await simulator.fault({ fault: 'latency', method: 'PATCH', path: last?.userStateId ?? '', delayMs: 5000 });
    const stream = createStreamClient(one, { cookie: agent.cookies().join('; ') });
    const first = readMany(stream, { updates: rows.slice(-1) });
    await expect.poll(() => patches(simulator)).toHaveLength(1);
    const again = rows.map((row) => ({ ...row, patch: { successDeviceCount: 900 } })).toReversed();
    const second = readMany(stream, { updates: again });
    await expect.poll(() => patches(simulator)).toHaveLength(15);
    await redis.stop();
    expect(await first.finished).toMatchObject([{ ok: true }]);
    await redis.start();
    expect((await second.finished).filter(({ ok }) => ok)).toHaveLength(15);
    expect(await patches(simulator)).toHaveLength(16);
    const { patch, ...target } = again[0] ?? expect.fail('no rows');
    expect(await client.scriptUserState.get.query(target)).toMatchObject(patch);
  });
});
