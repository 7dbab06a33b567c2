import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.js';
import { countRows, type JobRecord, type JobRow } from '../../src/jobs/job.js';
import { hasEnded } from '../../src/jobs/job-state.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { idOf, initialState, rowAt, storeJob, useStoredJobs } from '../support/stored-jobs.js';

const { startJobs, startStates } = useStoredJobs();
const slowly = { interval: 10, timeout: 30_000 };

/** A store that loses all changes of the rows just before the job ends. @param isDown whether the update then fails */
function losingRows(kept: JobStore, rows: readonly JobRow[], isDown: boolean): JobStore {
  const listeners: Parameters<JobStore['onChange']>[0][] = [];
  let hasFailed = false;
  return {
    ...kept,
    async update(jobId, change, run) {
      const next = change((await kept.get(jobId)) as JobRecord);
      if (!hasFailed && next !== undefined && hasEnded(next)) {
        hasFailed = true;
        await kept.saveRows(jobId, rows, countRows(rows));
        for (const listener of listeners) listener(undefined, 'reconnected');
        if (isDown) throw new CallError('OVERLOADED');
      }
      return kept.update(jobId, change, run);
    },
    onChange(listener) {
      listeners.push(listener);
      kept.onChange(listener);
    },
  };
}

test.each([
  ['before the update of its state', false],
  ['during the update of its state', true],
])('a job that ends stores its rows once more if the store fails over %s', async (_, isDown) => {
  const { written } = startStates();
  const rows = [rowAt(0), rowAt(1)];
  const [kept, jobId] = await storeJob(rows, 'queued');
  const jobs = startJobs(losingRows(kept, rows, isDown));
  await jobs.run(jobId);
  await expect.poll(async () => (await kept.get(jobId))?.state, slowly).toBe('done');
  await jobs.stop();
  expect((await kept.rows(jobId, { from: 0, limit: 10 })).map(({ outcome }) => outcome)).toEqual([
    'applied',
    'applied',
  ]);
  expect((await kept.get(jobId))?.counts).toMatchObject({ applied: 2, waiting: 0 });
  expect(written.toSorted()).toEqual([idOf(0), idOf(1)]);
});

test('a job that is cancelled ends although the store has lost the outcomes of its rows', async () => {
  const { states } = startStates();
  states.set(idOf(0), { ...initialState(0), successDeviceCount: 5 });
  const rows = [rowAt(0, { isSent: true, before: initialState(0) }), rowAt(1)];
  const [kept, jobId] = await storeJob(rows, 'cancelling');
  const jobs = startJobs(losingRows(kept, rows, false));
  await jobs.run(jobId);
  await expect.poll(async () => (await kept.get(jobId))?.state, slowly).toBe('cancelled');
  await jobs.stop();
  expect((await kept.rows(jobId, { from: 0, limit: 10 })).map(({ outcome }) => outcome)).toEqual([
    'applied',
    'not-sent',
  ]);
});

test('a change of the job does not store its rows once more', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => rowAt(index));
  const [kept, jobId] = await storeJob(rows, 'queued');
  const saves = rows.map(() => 0);
  const { written } = startStates(() => {
    if (written.length === 50) void kept.update(jobId, (job) => ({ ...job, title: 'changed' }));
    return undefined;
  });
  const jobs = startJobs({
    ...kept,
    async saveRows(...args) {
      for (const { index } of args[1]) saves[index] = (saves[index] ?? 0) + 1;
      await kept.saveRows(...args);
    },
  });
  await jobs.run(jobId);
  await expect.poll(async () => (await kept.get(jobId))?.state, slowly).toBe('done');
  await jobs.stop();
  expect((await kept.get(jobId))?.title).toBe('changed');
  // Each row is stored as sent, and with its outcome.
  expect(saves).toEqual(rows.map(() => 2));
});
