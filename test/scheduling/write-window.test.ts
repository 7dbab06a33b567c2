import { describe, expect, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { startBulkPair } from '../support/bulk-pair.js';
import { createBatchClient } from '../support/clients.js';
import { patches, stateOf } from '../support/journal.js';
import { startPair } from '../support/pair.js';
import { startTestSimulator, stopWithSimulator } from '../support/simulator.js';
import { findState, manyStates } from '../support/states.js';
import { startTestApp } from '../support/test-app.js';

const windowMs = 20_000;

describe.concurrent('the window', () => {
  test('is never exceeded and never left unused', async (t) => {
    const { rows, simulator, updateMany } = await startBulkPair(t, { writesPer20s: 20, rows: 50 });
    const results = await updateMany(rows).finished;
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    const journal = await patches(simulator);
    expect(journal.map(({ status }) => status)).toEqual(Array(50).fill(200));
    for (const [index, { atMs }] of journal.slice(20).entries()) {
      expect(atMs - (journal[index]?.atMs ?? Number.NaN)).toBeGreaterThanOrEqual(windowMs);
    }
    // Bulk updates may use 19 slots: those of the first window, and again those of the second, are used immediately.
    const startedWithin = (from: number) => {
      const startMs = journal[from]?.atMs ?? Number.NaN;
      return journal.filter(({ atMs }) => atMs >= startMs && atMs < startMs + windowMs).length;
    };
    expect(startedWithin(0)).toBeGreaterThanOrEqual(19);
    expect(startedWithin(19)).toBeGreaterThanOrEqual(19);
  });

  test('counts further attempts', async (t) => {
    const { rows, simulator, update } = await startBulkPair(t, { writesPer20s: 3, rows: 3 });
    await simulator.fault({ fault: 'throttled', method: 'PATCH', retryAfter: 'fractional', delayMs: 100 });
    await update(rows[0]);
    await update(rows[1]);
    await update(rows[2]);
    const journal = await patches(simulator);
    expect(journal.map(stateOf)).toEqual([0, 0, 1, 2].map((index) => rows[index]?.userStateId));
    expect((journal[3]?.atMs ?? 0) - (journal[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(windowMs);
  });
});

test.concurrent('reads have a limit of their own', async ({ onTestFinished }) => {
  // A deadline below the window, within which a slow machine still answers a round of reads.
  const pair = await startPair({ GRAPH_WRITES_PER_20S: '1000', GRAPH_DEADLINE_MS: '18000' });
  onTestFinished(() => pair.stop());
  const { service, simulator } = pair;
  const [row = expect.fail('no state')] = rowsOf(await manyStates(service, 1), 1000);
  const { patch, ...target } = row;
  const { scriptUserState } = createBatchClient(service);
  const results: PromiseSettledResult<unknown>[] = [];
  for (let round = 0; round < 2; round++) {
    // Half of the first ones are sent at once, the others at intervals that use the window. The deadline is too short.
    const reads = Array.from({ length: 1000 }, () => scriptUserState.get.query(target));
    results.push(...(await Promise.allSettled(reads)));
  }
  const failed = results.filter(({ status }) => status === 'rejected');
  expect(failed).not.toEqual([]);
  const throttled = { reason: { data: { reason: 'THROTTLED', retryAfterMs: expect.any(Number) as unknown } } };
  expect(failed).toMatchObject(failed.map(() => throttled));
  const sent = (await simulator.journal()).filter(({ method }) => method === 'GET');
  expect(sent.length).toBeGreaterThanOrEqual(1000);
  for (const [index, { atMs }] of sent.slice(1000).entries()) {
    expect(atMs - (sent[index]?.atMs ?? Number.NaN)).toBeGreaterThanOrEqual(windowMs);
  }
  expect(await scriptUserState.update.mutate(row)).toMatchObject(patch);
});

test.concurrent('a burst of reads leaves slots to other users', async ({ onTestFinished }) => {
  const simulator = await startTestSimulator();
  const app = await startTestApp({
    authenticate: async (request) => ({
      user: { oid: request.get('x-test-user') ?? '', name: 'Someone', roles: ['reader'] },
      expiresAt: null,
    }),
    graphUrl: simulator.baseUrl,
    writesPer20s: 10_000,
    deadlineMs: 60_000,
  });
  onTestFinished(() => stopWithSimulator(simulator, app));
  const { target } = await findState(simulator);
  await simulator.reset();
  const clientOf = (user: string) => createBatchClient(app, () => ({ 'x-test-user': user }));
  const [one, two] = [clientOf('one'), clientOf('two')];
  const reads = async () => (await simulator.journal()).filter(({ method }) => method === 'GET').length;
  const burst = Array.from({ length: 1000 }, () => one.scriptUserState.get.query(target));
  const results = Promise.allSettled(burst);
  await expect.poll(reads).toBeGreaterThanOrEqual(500);
  await Promise.all(Array.from({ length: 100 }, () => two.scriptUserState.get.query(target)));
  // The burst has not ended, so it has not delayed the other user.
  expect(await reads()).toBeLessThan(1100);
  expect((await results).filter(({ status }) => status === 'rejected')).toEqual([]);
});
