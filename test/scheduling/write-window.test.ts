import { describe, expect, test } from 'vitest';
import { createBatchClient, createStreamClient, manyStates, patches, rowsOf, stateOf } from '../support/bulk.js';
import { isolatedPair, sent, until } from '../support/isolated-pair.js';
import { failure, startPair } from '../support/service.js';

const windowMs = 20_000;

describe.concurrent('the window', () => {
  test('is never exceeded and never left unused', async () => {
    await isolatedPair(20, 50, async (all) => {
      const results = await all.many(all.rows).over;
      expect(results.filter(({ ok }) => ok)).toHaveLength(50);
      const journal = await patches(all.simulator);
      expect(journal.map(({ status }) => status)).toEqual(Array(50).fill(200));
      const spans = (count: number) =>
        journal.slice(count).map(({ atMs }, index) => atMs - (journal[index]?.atMs ?? Number.NaN));
      for (const ms of spans(20)) expect(ms).toBeGreaterThanOrEqual(windowMs);
      // 19 of the first window, 19 of the second: all of them before the next of the same slots.
      const within = (from: number) =>
        journal.filter(({ atMs }) => {
          const begin = journal[from]?.atMs ?? Number.NaN;
          return atMs >= begin && atMs < begin + windowMs;
        });
      expect(within(0).length).toBeGreaterThanOrEqual(19);
      expect(within(19).length).toBeGreaterThanOrEqual(19);
    });
  });

  test('counts what is sent again', async () => {
    await isolatedPair(3, 3, async (all) => {
      await all.simulator.fault({ fault: 'throttled', method: 'PATCH', retryAfter: 'fractional', delayMs: 100 });
      await all.single(all.rows[0]);
      await all.single(all.rows[1]);
      const third = all.single(all.rows[2]);
      await until(async () => expect(await sent(all)).toBe(3));
      await third;
      const journal = await patches(all.simulator);
      expect(journal.map(stateOf)).toEqual([0, 0, 1, 2].map((index) => all.rows[index]?.userStateId));
      expect((journal[3]?.atMs ?? 0) - (journal[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(windowMs);
    });
  });
});

test.concurrent('reads have a limit of their own', async () => {
  const pair = await startPair({ GRAPH_WRITES_PER_20S: '10000' });
  const [row] = rowsOf(await manyStates(pair.service, 1), 1000);
  if (row === undefined) throw new Error('no state');
  const { patch, ...target } = row;
  const { scriptUserState } = createBatchClient(pair.service);
  const reads: PromiseSettledResult<unknown>[] = [];
  for (const _ of [1, 2, 3, 4, 5]) {
    const some = Array.from({ length: 240 }, () => scriptUserState.get.query(target));
    reads.push(...(await Promise.allSettled(some)));
  }
  const sentReads = (await pair.simulator.journal()).filter(({ method }) => method === 'GET');
  expect(sentReads).toHaveLength(1000);
  const failed = reads.filter(({ status }) => status === 'rejected');
  expect(failed.length).toBeGreaterThan(200);
  const throttled = { reason: { data: { reason: 'THROTTLED', retryAfterMs: expect.any(Number) as unknown } } };
  expect(failed).toMatchObject(failed.map(() => throttled));
  expect(await scriptUserState.update.mutate(row)).toMatchObject(patch);
  await pair.stop();
});

test.concurrent('more than ten updates of many from one caller are refused, until one of them is over', async () => {
  await isolatedPair(20, 60, async (all) => {
    const inside = [all.many(all.rows.slice(0, 40))];
    await until(() => expect(inside[0]?.results()).toHaveLength(19));
    for (const row of all.rows.slice(40, 49)) inside.push(all.many([row]));
    await until(() => expect(inside.filter(({ heard }) => heard.length > 0)).toHaveLength(10));
    const eleventh = () => {
      const updates = [all.rows[50] ?? expect.fail('no such row')];
      return createStreamClient(all.service).scriptUserState.updateMany.mutate({ updates });
    };
    const refused = await failure(eleventh());
    expect(refused).toMatchObject({
      reason: 'OVERLOADED',
      code: 'SERVICE_UNAVAILABLE',
      retryAfterMs: expect.any(Number) as unknown,
    });
    expect(await sent(all)).toBe(19);
    inside[3]?.leave();
    await until(async () => void (await eleventh()));
  });
});
