import { describe, expect, test } from 'vitest';
import { CallError } from '../../src/errors.js';
import type { JobRow } from '../../src/jobs/job.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { actor, finish, idOf, initialState, rowAt, storeJob, useStoredJobs } from '../support/stored-jobs.js';

const { startJobs, startStates } = useStoredJobs();
const slowly = { interval: 10, timeout: 30_000 };

/** A trail whose lines are written only if a condition is met. */
const trailIf = (isUp: () => boolean) => async (): Promise<void> => {
  if (!isUp()) throw new Error('the trail is closed');
};

describe('a job that another process has abandoned', () => {
  test('sends the rows that wait, and verifies those that were sent', async () => {
    const { states, written } = startStates();
    states.set(idOf(1), { ...initialState(1), successDeviceCount: 5 });
    states.set(idOf(2), { ...initialState(2), successDeviceCount: 9 });
    const [kept, jobId] = await storeJob([
      rowAt(0),
      rowAt(1, { isSent: true, before: initialState(1) }),
      rowAt(2, { isSent: true, before: initialState(2) }),
      rowAt(3, { isSent: true, before: initialState(3) }),
      rowAt(4, { outcome: 'applied' }),
    ]);
    const jobs = startJobs(kept);
    await jobs.run(jobId);
    const rows = await finish(kept, jobId);
    // Nobody has changed the last one, and the write of the one before it may still be applied.
    expect(rows.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'unknown', 'applied', 'applied']);
    expect(written.toSorted()).toEqual([idOf(0), idOf(3)]);
    expect(rows[2]?.failure).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    await jobs.stop();
  });

  test('does not send a row again that may have been filed for approval', async () => {
    const { written } = startStates();
    const [kept, jobId] = await storeJob([rowAt(0, { isSent: true, before: initialState(0) })]);
    await kept.update(jobId, (job) => ({ ...job, justification: 'wrong count' }));
    const jobs = startJobs(kept);
    await jobs.run(jobId);
    expect((await finish(kept, jobId))[0]?.outcome).toBe('unknown');
    expect(written).toEqual([]);
    await jobs.stop();
  });

  test('cancels the rows that wait if its state is cancelling', async () => {
    const { written } = startStates();
    const [kept, jobId] = await storeJob([rowAt(0), rowAt(1, { isSent: true, before: initialState(1) })], 'cancelling');
    const jobs = startJobs(kept);
    await jobs.run(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['not-sent', 'unknown']);
    expect((await kept.get(jobId))?.state).toBe('cancelled');
    expect(written).toEqual([]);
    await jobs.stop();
  });
});

test('a cancelled job that another process has abandoned reads the rows that were sent, and sends nothing', async () => {
  const { states, written } = startStates();
  states.set(idOf(1), { ...initialState(1), successDeviceCount: 5 });
  states.set(idOf(3), { ...initialState(3), successDeviceCount: 9 });
  const sent = (index: number) => rowAt(index, { isSent: true, before: initialState(index) });
  const [kept, jobId] = await storeJob([rowAt(0), sent(1), sent(2), sent(3)], 'cancelling');
  const observed: string[] = [];
  const jobs = startJobs(kept, { observe: ({ outcome, target }) => observed.push(`${target.userStateId} ${outcome}`) });
  await jobs.run(jobId);
  const rows = await finish(kept, jobId);
  expect(rows.map(({ outcome }) => outcome)).toEqual(['not-sent', 'applied', 'unknown', 'unknown']);
  expect(rows[1]?.userState).toMatchObject({ successDeviceCount: 5 });
  expect(rows[3]?.failure).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  expect(observed.toSorted()).toEqual([`${idOf(1)} applied`, `${idOf(2)} unknown`, `${idOf(3)} unknown`]);
  expect(written).toEqual([]);
  expect((await kept.get(jobId))?.state).toBe('cancelled');
  await jobs.stop();
});

test('a cancelled job reads the outcomes of the rows that were sent also after a fault of the store', async () => {
  const { states, written } = startStates();
  const rows = Array.from({ length: 100 }, (_, index) => rowAt(index, { isSent: true, before: initialState(index) }));
  for (const { index } of rows) states.set(idOf(index), { ...initialState(index), successDeviceCount: 5 });
  const [kept, jobId] = await storeJob(rows, 'cancelling');
  let failures = 1;
  const jobs = startJobs({
    ...kept,
    async saveRows(...args) {
      if (failures-- > 0) throw new CallError('OVERLOADED');
      await kept.saveRows(...args);
    },
  });
  await jobs.run(jobId);
  expect(new Set((await finish(kept, jobId)).map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
  expect(written).toEqual([]);
  expect((await kept.get(jobId))?.state).toBe('cancelled');
  await jobs.stop();
});

test('a row is stored as sent, with the state before, before its request is sent', async () => {
  const [kept, jobId] = await storeJob([rowAt(0)], 'queued');
  const stored: (JobRow | undefined)[] = [];
  const recording: JobStore = {
    ...kept,
    async saveRows(id, rows, counts) {
      await kept.saveRows(id, rows, counts);
      stored.push(...rows);
    },
  };
  let storedAtWrite: JobRow | undefined;
  startStates(() => {
    storedAtWrite = stored.at(-1);
    return undefined;
  });
  const jobs = startJobs(recording);
  await jobs.run(jobId);
  await finish(kept, jobId);
  expect(storedAtWrite).toMatchObject({ isSent: true, outcome: 'waiting', before: initialState(0) });
  await jobs.stop();
});

test('a job that is handed over completes what was sent, leaves the other rows waiting, and another process ends it', async () => {
  let answer: (() => void) | undefined;
  const rows = Array.from({ length: 100 }, (_, index) => rowAt(index));
  const { written } = startStates();
  const [kept, jobId] = await storeJob(rows, 'queued');
  const jobs = startJobs(kept);
  const unsubscribed = new Promise<void>((resolve) => {
    answer = resolve;
  });
  kept.onChange(() => {
    if (written.length > 0) answer?.();
  });
  await jobs.run(jobId);
  await unsubscribed;
  await jobs.stop();
  const left = await kept.rows(jobId, { from: 0, limit: 100 });
  expect(left.filter(({ outcome }) => outcome === 'applied')).toHaveLength(written.length);
  expect(left.filter(({ outcome, isSent }) => outcome === 'waiting' && isSent)).toEqual([]);
  expect((await kept.get(jobId))?.state).toBe('running');
  const next = startJobs(kept);
  await next.run(jobId);
  await finish(kept, jobId);
  expect(written.toSorted()).toEqual(rows.map(({ userStateId }) => userStateId).toSorted());
  await next.stop();
});

describe('rows wait and are sent later', () => {
  test('while the audit trail cannot be written', async () => {
    const { written } = startStates();
    const [kept, jobId] = await storeJob([rowAt(0), rowAt(1)], 'queued');
    let refusals = 0;
    const jobs = startJobs(kept, { append: trailIf(() => ++refusals > 6) });
    await jobs.run(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect(written).toHaveLength(2);
    await jobs.stop();
  });

  test('until the job is cancelled, which does not wait for the next attempt', async () => {
    const { written } = startStates();
    const [kept, jobId] = await storeJob([rowAt(0), rowAt(1)], 'queued');
    let refusals = 0;
    const jobs = startJobs(kept, { append: trailIf(() => ++refusals < 0), pausesMs: [3_600_000] });
    await jobs.run(jobId);
    await expect.poll(() => refusals, slowly).toBe(2);
    await jobs.cancel(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['not-sent', 'not-sent']);
    expect(written).toEqual([]);
    await jobs.stop();
  });

  test('while the store is unavailable', async () => {
    const { written } = startStates();
    const [kept, jobId] = await storeJob([rowAt(0), rowAt(1)], 'queued');
    let failures = 3;
    const jobs = startJobs({
      ...kept,
      async saveRows(id, rows, counts) {
        if (failures-- > 0) throw new CallError('OVERLOADED');
        await kept.saveRows(id, rows, counts);
      },
    });
    await jobs.run(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect(written.toSorted()).toEqual([idOf(0), idOf(1)]);
    await jobs.stop();
  });
});

test('a resumed job does not send a row that a later one has overtaken', async () => {
  const { written } = startStates();
  const first = rowAt(0, { outcome: 'rejected' });
  const [kept, jobId] = await storeJob([first, rowAt(1, { userStateId: idOf(0), outcome: 'applied' })], 'done');
  const jobs = startJobs(kept);
  await jobs.resume(jobId, actor);
  const rows = await finish(kept, jobId);
  expect(rows.map(({ outcome }) => outcome)).toEqual(['rejected', 'applied']);
  expect(written).toEqual([]);
  await jobs.stop();
});

test('only the user whose tokens a job uses can resume it', async () => {
  startStates();
  const [kept, jobId] = await storeJob([rowAt(0, { outcome: 'rejected' })], 'done');
  await kept.update(jobId, (job) => ({ ...job, actor: { ...actor, sessionId: 'session', isDelegated: true } }));
  const jobs = startJobs(kept);
  await expect(jobs.resume(jobId, { ...actor, oid: 'other' })).rejects.toMatchObject({ problem: 'not-the-owner' });
  await jobs.resume(jobId, { ...actor, sessionId: 'next', isDelegated: true });
  expect((await finish(kept, jobId))[0]?.outcome).toBe('applied');
  await jobs.stop();
});

test('a process that stops accepts no job that it would not run', async () => {
  startStates();
  const [kept, jobId] = await storeJob([rowAt(0, { outcome: 'rejected' })], 'done');
  const jobs = startJobs(kept);
  await jobs.stop();
  const { index: _, outcome: __, ...update } = rowAt(0);
  await expect(jobs.start(actor, { updates: [update] })).rejects.toMatchObject({ reason: 'OVERLOADED' });
  await expect(jobs.resume(jobId, actor)).rejects.toMatchObject({ reason: 'OVERLOADED' });
  expect(await kept.list(undefined, 10)).toMatchObject([{ jobId, state: 'done' }]);
});
