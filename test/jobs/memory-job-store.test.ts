import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countRows, type JobRecord } from '../../src/jobs/job.js';
import { cancel, resume } from '../../src/jobs/job-state.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { actor, jobRecord, rowAt } from '../support/stored-jobs.js';

const limits = { activePerPerson: 2, active: 3, rowsPerPerson: 6, rows: 10 };
const retentionMs = 60_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

function start(store: ReturnType<typeof createMemoryJobStore>, rowCount: number, more: Partial<JobRecord> = {}) {
  const rows = Array.from({ length: rowCount }, (_, index) => rowAt(index));
  return store.create(jobRecord(rows, more), rows);
}

const byOther = { startedBy: { oid: 'other', name: 'Other' } };
const overloaded = { reason: 'OVERLOADED', details: { retryAfterMs: 60_000 } };

describe('the limits', () => {
  test('of the active jobs of a person do not concern others', async () => {
    const store = createMemoryJobStore(limits, retentionMs);
    await start(store, 1);
    const second = await start(store, 1);
    await expect(start(store, 1)).rejects.toMatchObject(overloaded);
    await start(store, 1, byOther);
    // Now the limit of all active jobs is reached.
    await expect(start(store, 1, { startedBy: { oid: 'third', name: 'Third' } })).rejects.toMatchObject(overloaded);
    await store.update(second, (job) => ({ ...job, state: 'done' }));
    await start(store, 1);
  });

  test('of the active jobs also concern a job that is resumed, but not one that is cancelled', async () => {
    const store = createMemoryJobStore(limits, retentionMs);
    const [ended, waiting] = [
      await start(store, 1, { state: 'done' }),
      await start(store, 1, { state: 'waiting-for-sign-in' }),
    ];
    await start(store, 1);
    await start(store, 1);
    for (const jobId of [ended, waiting]) {
      await expect(store.update(jobId, resume(actor))).rejects.toMatchObject(overloaded);
    }
    expect(await store.get(ended)).toMatchObject({ state: 'done' });
    expect(await store.update(waiting, cancel)).toMatchObject({ state: 'cancelling' });
    await store.update(waiting, (job) => ({ ...job, state: 'cancelled' }));
    await expect(store.update(ended, resume(actor))).rejects.toMatchObject(overloaded);
  });

  test('of the rows of a person and in all count jobs that have ended, until they are deleted by age', async () => {
    const store = createMemoryJobStore(limits, retentionMs);
    const key = 'key';
    const first = await start(store, 4, { state: 'done', key });
    await expect(start(store, 3)).rejects.toMatchObject(overloaded);
    await start(store, 2);
    await start(store, 4, { ...byOther, state: 'done' });
    // Now the limit of all rows is reached.
    await expect(start(store, 1, byOther)).rejects.toMatchObject(overloaded);
    // The store deletes no job for another one: its rows can be read, and its key starts nothing twice.
    expect(await store.rows(first, { from: 0, limit: 10 })).toHaveLength(4);
    expect(await start(store, 4, { key })).toBe(first);
    vi.advanceTimersByTime(retentionMs + 1);
    await start(store, 4);
    await start(store, 4, byOther);
  });
});

test('a key belongs to one user', async () => {
  const store = createMemoryJobStore(limits, retentionMs);
  const first = await start(store, 1, { key: 'key' });
  expect(await start(store, 1, { key: 'key' })).toBe(first);
  expect(await start(store, 1, { key: 'key', ...byOther })).not.toBe(first);
});

test('a job is deleted by age after it has ended', async () => {
  const store = createMemoryJobStore(limits, retentionMs);
  const deleted: string[] = [];
  const ended = await start(store, 1, { state: 'done' });
  const active = await start(store, 1, { state: 'running' });
  const waiting = await start(store, 1, { state: 'waiting-for-approval' });
  store.onChange((jobId) => jobId !== undefined && deleted.push(jobId));
  vi.advanceTimersByTime(retentionMs + 1);
  expect(await Promise.all([ended, active, waiting].map(async (id) => (await store.get(id))?.jobId))).toEqual([
    undefined,
    active,
    waiting,
  ]);
  // Watchers are notified of the deletion.
  expect(deleted).toEqual([ended]);
});

test('a list continues after its last job, even if that job has been deleted', async () => {
  const store = createMemoryJobStore({ ...limits, rowsPerPerson: 100, rows: 100 }, retentionMs);
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    ids.push(await start(store, 1, { state: 'done' }));
    vi.advanceTimersByTime(retentionMs / 4 - 1_000);
  }
  const [newest, next] = await store.list(undefined, 2);
  expect([newest?.jobId, next?.jobId]).toEqual([ids[4], ids[3]]);
  const rest = await store.list(next, 10);
  expect(rest.map(({ jobId }) => jobId)).toEqual([ids[2], ids[1]]);
});

test('the statistics count jobs by state, and the rows', async () => {
  const store = createMemoryJobStore({ ...limits, rowsPerPerson: 100, rows: 100 }, retentionMs);
  const none = { done: 0, running: 0, queued: 0, cancelling: 0, cancelled: 0 };
  expect(await store.stats()).toMatchObject({ jobs: none, oldestActiveAtMs: undefined, waitingRows: 0, rows: 0 });
  const since = Date.now();
  const running = await start(store, 3, { state: 'running' });
  await start(store, 5, { state: 'done' });
  vi.advanceTimersByTime(1_000);
  await start(store, 2);
  const rows = [{ ...rowAt(0), outcome: 'applied' as const }, rowAt(1), rowAt(2)];
  await store.saveRows(running, rows.slice(0, 1), countRows(rows));
  expect(await store.stats()).toEqual({
    jobs: { ...none, 'waiting-for-approval': 0, 'waiting-for-sign-in': 0, done: 1, running: 1, queued: 1 },
    oldestActiveAtMs: since,
    waitingRows: 4,
    rows: 10,
    maxRows: 100,
  });
  // Jobs that have ended are deleted by age.
  vi.advanceTimersByTime(retentionMs + 1);
  expect(await store.stats()).toMatchObject({ jobs: { done: 0, running: 1 }, rows: 5 });
});
