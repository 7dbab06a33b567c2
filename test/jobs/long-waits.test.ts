import { describe, expect, test } from 'vitest';
import type { JobRow } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import { createMemoryJobQueue, type JobQueue } from '../../src/jobs/job-queue.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { createRedisJobQueue } from '../../src/redis/job-queue.js';
import { createRedisJobStore } from '../../src/redis/job-store.js';
import { describeWithRedis, useRedis, useRedisConnection } from '../support/redis.js';
import { actor, finish, initialState, jobRecord, rowAt, useStoredJobs } from '../support/stored-jobs.js';

const { startJobs, startStates } = useStoredJobs();
const slowly = { interval: 10, timeout: 30_000 };
const retentionMs = 3_600_000;

function onError(error: unknown): never {
  throw error;
}

function defineTests(create: () => { readonly store: JobStore; readonly queue: () => JobQueue }): void {
  async function storeQueued(store: JobStore, rows: readonly JobRow[]): Promise<string> {
    return store.create(jobRecord(rows), rows);
  }

  test('a job for which nobody signs in ends, and can be resumed', async () => {
    const { written } = startStates();
    const { store, queue } = create();
    let isAllowed = false;
    const jobs = startJobs(store, { queue: queue(), maxWaitMs: 500, mayWrite: () => isAllowed });
    const states: (string | undefined)[] = [];
    store.onChange((jobId) => jobId && void store.get(jobId).then((job) => states.push(job?.state)));
    const jobId = await storeQueued(store, [rowAt(0), rowAt(1, { isSent: true, before: initialState(1) })]);
    await jobs.run(jobId);
    expect((await finish(store, jobId)).map(({ outcome }) => outcome)).toEqual(['not-sent', 'unknown']);
    expect(await store.get(jobId)).toMatchObject({ state: 'done', endedAt: expect.any(String) as string });
    expect(states).toContain('waiting-for-sign-in');
    expect(written).toEqual([]);
    isAllowed = true;
    await jobs.resume(jobId, actor);
    await expect.poll(async () => (await store.get(jobId))?.counts.applied, slowly).toBe(2);
    await jobs.stop();
  });

  test('a job that nobody approves ends, and its rows stay pending', async () => {
    startStates();
    const { store, queue } = create();
    const jobs = startJobs(store, { queue: queue(), maxWaitMs: 500 });
    const jobId = await storeQueued(store, [rowAt(0, { outcome: 'pending-approval' }), rowAt(1)]);
    await jobs.run(jobId);
    expect((await finish(store, jobId)).map(({ outcome }) => outcome)).toEqual(['pending-approval', 'applied']);
    expect((await store.get(jobId))?.state).toBe('done');
    await jobs.stop();
  });

  test('a job that was approved shortly before its end continues', async () => {
    const { written } = startStates(undefined, 'approved');
    const { store, queue } = create();
    // The first regular check would be later than the end.
    const jobs = startJobs(store, { queue: queue(), maxWaitMs: 500 });
    const pending = rowAt(0, { outcome: 'pending-approval', approvalCode: 'code' });
    const jobId = await storeQueued(store, [pending]);
    await jobs.run(jobId);
    expect((await finish(store, jobId)).map(({ outcome }) => outcome)).toEqual(['applied']);
    expect(written).toEqual([pending.userStateId]);
    await jobs.stop();
  });
}

describe('in memory', () =>
  defineTests(() => ({
    store: createMemoryJobStore(jobLimits, retentionMs),
    queue: () => createMemoryJobQueue(onError),
  })));

describeWithRedis('in Redis', () => {
  const redis = useRedisConnection(useRedis());
  const create = () => ({
    store: createRedisJobStore(redis, {
      secrets: ['a-secret-of-the-tests-own'],
      limits: jobLimits,
      retentionMs,
      onUnreadable: () => undefined,
    }),
    queue: () => createRedisJobQueue({ redis, retentionMs, onError }),
  });
  defineTests(create);

  test('a job that a process has left waiting ends in the next one', async () => {
    startStates();
    const { store, queue } = create();
    const maxWaitMs = 5_000;
    const first = startJobs(store, { queue: queue(), maxWaitMs });
    const rows = [rowAt(0, { outcome: 'pending-approval' })];
    const jobId = await store.create(jobRecord(rows), rows);
    await expect.poll(async () => (await store.get(jobId))?.state, slowly).toBe('waiting-for-approval');
    await first.stop();
    expect((await store.get(jobId))?.state).toBe('waiting-for-approval');
    const next = startJobs(store, { queue: queue(), maxWaitMs });
    expect((await finish(store, jobId)).map(({ outcome }) => outcome)).toEqual(['pending-approval']);
    await next.stop();
  });
});
