import { beforeEach, expect, test } from 'vitest';
import { type Row, readMany, rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { newValue, patches, stateOf } from '../support/journal.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { manyStates } from '../support/states.js';

const quota = 'script-state-bff:2:quota:writes';

describeWithRedis('two replicas with a small quota', () => {
  const all = useReplicas('processes', { GRAPH_WRITES_PER_20S: '10', GRAPH_DEADLINE_MS: '15000' }, 'test');
  beforeEach(() => all.simulator.settings({ writesPer20s: 10 }));

  const writtenTo = async () => (await patches(all.simulator)).map((entry) => [stateOf(entry), newValue(entry)]);
  const written = ({ userStateId, patch }: Row) => [userStateId, patch.successDeviceCount];

  /** A signed-in user, and rows for states that were not written to. */
  async function personWithRows(count: number) {
    const person = await all.signIn();
    const rows = rowsOf(await manyStates(person, count), 1000);
    await all.simulator.reset();
    return { ...person, rows };
  }

  test('a single update at one replica gives its priority to the row that it waits for at the other', async () => {
    const { agent, elsewhere, rows } = await personWithRows(20);
    const stream = createStreamClient(all.one, { cookie: agent.cookies().join('; ') });
    const bulk = readMany(stream, { updates: [...rows] });
    // One slot is reserved for interactive calls.
    await expect.poll(() => bulk.results().length).toBe(9);
    // One slot becomes free in 2 s instead of after a window.
    const [slot = ''] = await all.redis.inspect.zRange(quota, 0, 0);
    await all.redis.inspect.zAdd(quota, { score: Date.now() + 2_000, value: slot });
    await all.simulator.settings({ writesPer20s: 11 });
    const row = rows[15] ?? expect.fail('no such row');
    const own = { ...row, patch: { successDeviceCount: 7 } };
    expect(await elsewhere.scriptUserState.update.mutate(own)).toMatchObject(own.patch);
    expect((await writtenTo()).slice(9)).toEqual([written(row), written(own)]);
    bulk.abort();
  });

  test('one replica may use all of the quota, and then both reject further writes', async () => {
    const { client, elsewhere, rows } = await personWithRows(12);
    await Promise.all(rows.slice(0, 10).map((row) => client.scriptUserState.update.mutate(row)));
    for (const [index, each] of [elsewhere, client].entries()) {
      const row = rows[10 + index] ?? expect.fail('no such row');
      const error = await failure(each.scriptUserState.update.mutate(row));
      expect(error).toMatchObject({ reason: 'THROTTLED', httpStatus: 429 });
      expect(error.retryAfterMs).toBeGreaterThan(10_000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(20_000);
    }
    expect(await patches(all.simulator)).toHaveLength(10);
  });

  test('the slot of a killed replica stays in use until it expires', async () => {
    const { client, elsewhere, rows } = await personWithRows(12);
    const [first, ...rest] = rows;
    await all.simulator.fault({ fault: 'stall', method: 'PATCH', path: first?.userStateId ?? '' });
    const lost = client.scriptUserState.update.mutate(first ?? expect.fail('no rows'));
    lost.catch(() => undefined);
    await expect.poll(() => patches(all.simulator)).toHaveLength(1);
    await all.one.kill();
    await expect(lost).rejects.toThrow();
    const [own = '', ...others] = await all.redis.inspect.zRange(quota, 0, -1);
    expect(others).toEqual([]);

    await Promise.all(rest.slice(0, 9).map((row) => elsewhere.scriptUserState.update.mutate(row)));
    const last = rest[9] ?? expect.fail('no such row');
    expect(await failure(elsewhere.scriptUserState.update.mutate(last))).toMatchObject({ reason: 'THROTTLED' });
    expect(await patches(all.simulator)).toHaveLength(10);
    // The longest possible call and a window have passed.
    await all.redis.inspect.zAdd(quota, { score: Date.now() - 1, value: own });
    await all.simulator.settings({ writesPer20s: 11 });
    expect(await elsewhere.scriptUserState.update.mutate(last)).toMatchObject(last.patch);
  });

  test('the rows of a killed replica do not block the other', async () => {
    const { agent, elsewhere, rows } = await personWithRows(20);
    const stream = createStreamClient(all.one, { cookie: agent.cookies().join('; ') });
    const bulk = readMany(stream, { updates: [...rows] });
    await expect.poll(() => bulk.results().length).toBe(9);
    await all.one.kill();
    await expect(bulk.finished).rejects.toThrow();
    const alive = await all.redis.inspect.keys('script-state-bff:2:replica:*');
    expect(alive).toHaveLength(2);
    const [line = ''] = await all.redis.inspect.keys('script-state-bff:2:order:*');
    const [ticket = ''] = await all.redis.inspect.lRange(line, 0, 0);
    // Its heartbeat has expired.
    await all.redis.inspect.del(`script-state-bff:2:replica:${ticket.split(' ')[0]}`);
    const row = rows[15] ?? expect.fail('no such row');
    const own = { ...row, patch: { successDeviceCount: 8 } };
    expect(await elsewhere.scriptUserState.update.mutate(own)).toMatchObject(own.patch);
    expect((await writtenTo()).slice(9)).toEqual([written(own)]);
  });

  test.each<[string, (redis: TestRedis) => void]>([
    ['responds', () => undefined],
    ['hangs', (redis) => redis.pause()],
  ])('rows that wait for another replica fail when their own stops, while Redis %s', async (_, meanwhile) => {
    const { agent, rows } = await personWithRows(20);
    const cookie = { cookie: agent.cookies().join('; ') };
    const first = readMany(createStreamClient(all.one, cookie), { updates: [...rows] });
    await expect.poll(() => first.results().length).toBe(9);
    const waiting = rows.slice(12);
    const second = readMany(createStreamClient(all.two, cookie), { updates: waiting });
    await expect.poll(() => second.events).not.toEqual([]);
    meanwhile(all.redis);
    const stopped = all.two.stop();
    const rejected = { ok: false, error: { data: { reason: 'OVERLOADED' } } };
    expect(await second.finished).toMatchObject(waiting.map(() => rejected));
    await stopped;
    expect(all.two.logged.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(1);
    all.redis.resume();
    first.abort();
    expect(await patches(all.simulator)).toHaveLength(9);
  });
});
