import { describe, expect, test } from 'vitest';
import { CallError } from '../../src/errors.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { createActivityLog } from '../../src/jobs/activity.js';
import type { JobRow } from '../../src/jobs/job.js';
import { cancel, resume } from '../../src/jobs/job-state.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { createMemoryActivityStore } from '../../src/jobs/memory-activity-store.js';
import { actor, finish, idOf, rowAt, storeJob, useStoredJobs } from '../support/stored-jobs.js';

const { startJobs, startStates } = useStoredJobs();
const slowly = { interval: 10, timeout: 30_000 };

const outcomesOf = (rows: readonly JobRow[]) => rows.map(({ outcome }) => outcome);
const isIntent = (line: string) => line.includes('"phase":"intent"');

/** Writes no intent to the trail the first times. */
function trailFailing(times: number) {
  let left = times;
  return async (line: string): Promise<void> => {
    if (isIntent(line) && left-- > 0) throw new Error('the trail is closed');
  };
}

describe('a row never overtakes an earlier one for the same state that waits', () => {
  test.each([
    ['also if the failure of the earlier one is recorded late', 2, undefined],
    ['also if the state has its values already', 1, undefined],
    ['also if the state does not have its expected values yet', 2, { successDeviceCount: 9 }],
  ])('%s', async (_, successDeviceCount, expected) => {
    const { states, written } = startStates();
    const [kept, jobId] = await storeJob([
      rowAt(0, { patch: { successDeviceCount: 9 } }),
      rowAt(1, { userStateId: idOf(0), patch: { successDeviceCount }, expected }),
    ]);
    let isAway = true;
    const store: JobStore = {
      ...kept,
      async saveRows(...args) {
        if (isAway) throw new CallError('OVERLOADED');
        await kept.saveRows(...args);
      },
    };
    let isHeld = false;
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const jobs = startJobs(store, {
      async append(line) {
        if (isHeld || !line.includes('"outcome":"not-sent"')) return;
        isAway = false;
        isHeld = true;
        await held;
      },
    });
    await jobs.run(jobId);
    await expect.poll(() => isHeld, slowly).toBe(true);
    expect(written).toEqual([]);
    release?.();
    expect(outcomesOf(await finish(kept, jobId))).toEqual(['applied', 'applied']);
    expect(states.get(idOf(0))).toMatchObject({ successDeviceCount });
    await jobs.stop();
  });
});

test('a row that waits is no activity until it has been sent', async () => {
  startStates();
  const [kept, jobId] = await storeJob([rowAt(0), rowAt(1)]);
  const activity = createActivityLog(createMemoryActivityStore(3_600_000), createCursorCodec([]));
  const jobs = startJobs(kept, { append: trailFailing(3), observe: activity.record });
  await jobs.run(jobId);
  await finish(kept, jobId);
  const { items } = await activity.list({ jobId }, undefined);
  expect(items.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  await jobs.stop();
});

test('rows that wait after a failure are handed over when the process stops', async () => {
  const { written } = startStates();
  const [kept, jobId] = await storeJob([rowAt(0), rowAt(1)]);
  let isHeld = false;
  let hasFailed = false;
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const jobs = startJobs(kept, {
    async append(line) {
      if (isIntent(line) && line.includes(idOf(1))) {
        await expect.poll(() => written, slowly).toEqual([idOf(0)]);
        hasFailed = true;
        throw new Error('the trail is closed');
      }
      if (line.includes('"outcome":"applied"')) {
        isHeld = true;
        await held;
      }
    },
  });
  await jobs.run(jobId);
  await expect.poll(() => isHeld && hasFailed, slowly).toBe(true);
  const stopped = jobs.stop();
  release?.();
  await stopped;
  expect(outcomesOf(await kept.rows(jobId, { from: 0, limit: 2 }))).toEqual(['applied', 'waiting']);
  expect(await kept.get(jobId)).toMatchObject({ state: 'running' });
  const next = startJobs(kept);
  await next.run(jobId);
  expect(outcomesOf(await finish(kept, jobId))).toEqual(['applied', 'applied']);
  expect(written).toEqual([idOf(0), idOf(1)]);
  await next.stop();
});

test('the cancellation of a resumed job keeps the outcomes of the rows that were not sent again', async () => {
  startStates();
  const failure = { reason: 'GRAPH_REJECTED', details: {}, requestId: 'request' } as const;
  const [kept, jobId] = await storeJob(
    [rowAt(0, { outcome: 'rejected', failure }), rowAt(1, { outcome: 'pending-approval', approvalCode: 'code' })],
    'done',
  );
  await kept.update(jobId, resume(actor));
  const jobs = startJobs(kept);
  await kept.update(jobId, cancel);
  await jobs.run(jobId);
  const rows = await finish(kept, jobId);
  expect(rows).toMatchObject([{ outcome: 'rejected', failure }, { outcome: 'pending-approval' }]);
  await jobs.stop();
});
