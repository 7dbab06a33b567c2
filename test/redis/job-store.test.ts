import { describe, expect, test } from 'vitest';
import { countRows, type JobRecord, type JobRow } from '../../src/jobs/job.js';
import { cancel, resume } from '../../src/jobs/job-state.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import type { Redis } from '../../src/redis/connection.js';
import { createRedisJobQueue } from '../../src/redis/job-queue.js';
import { createRedisJobStore } from '../../src/redis/job-store.js';
import { connectRedis, describeWithRedis, useRedis } from '../support/redis.js';
import { jobRecord } from '../support/stored-jobs.js';

const limits = { activePerPerson: 2, active: 3, rowsPerPerson: 1_000, rows: 1_500 };
const prefix = 'script-state-bff:2:';
const slowly = { interval: 10, timeout: 30_000 };
const overloaded = { reason: 'OVERLOADED', details: { retryAfterMs: 60_000 } };
const byOther = { startedBy: { oid: 'other', name: 'Other' } };

const rowsOf = (count: number): readonly JobRow[] =>
  Array.from({ length: count }, (_, index) => ({
    scriptKind: 'deviceShellScript',
    scriptId: 'script',
    userStateId: `script:${index}`,
    index,
    patch: { userPrincipalName: 'canary-upn@contoso.example' },
    outcome: 'waiting',
  }));

async function start(store: JobStore, rowCount: number, more: Partial<JobRecord> = {}): Promise<string> {
  const startedBy = { oid: 'one', name: 'Canary Name' };
  const rows = rowsOf(rowCount);
  return store.create(jobRecord(rows, { startedBy, actor: { ...startedBy, requestId: 'request' }, ...more }), rows);
}

describeWithRedis('the store of jobs in Redis', () => {
  const server = useRedis('test');

  /** Connects one replica. */
  async function connect(
    { onTestFinished }: { readonly onTestFinished: (stop: () => Promise<void>) => void },
    { retentionMs = 60_000, secret = 'a-secret-of-the-tests-own' } = {},
  ): Promise<{ readonly redis: Redis; readonly store: JobStore }> {
    const redis = await connectRedis(server.url);
    onTestFinished(() => redis.close());
    const options = { secrets: [secret], limits, retentionMs, onUnreadable: () => undefined };
    return { redis, store: createRedisJobStore(redis, options) };
  }

  /** Takes all jobs that are due. @returns the numbers of their runs */
  async function takeAll(redis: Redis, jobId: string): Promise<number> {
    let taken: number | undefined;
    const queue = createRedisJobQueue({ redis, retentionMs: 60_000, onError: () => undefined });
    queue.start(async (id, _signal, run) => {
      if (id === jobId) taken = run;
      return undefined;
    });
    await expect.poll(() => taken, slowly).toBeTypeOf('number');
    await queue.stop();
    return taken ?? 0;
  }

  /** Stores a job as a version did whose index lacked the person. */
  async function withoutPerson(jobId: string): Promise<void> {
    const { inspect } = server;
    const key = `${prefix}job:${jobId}`;
    const member = (await inspect.hGet(key, 'member')) ?? '';
    const [startedAt, id, person, rows] = member.split(' ');
    const older = [startedAt, id, rows].join(' ');
    await inspect.hSet(key, 'member', older);
    for (const set of ['index', 'state-done']) {
      const score = await inspect.zScore(`${prefix}jobs:${set}`, member);
      await inspect.zRem(`${prefix}jobs:${set}`, member);
      await inspect.zAdd(`${prefix}jobs:${set}`, { score: score ?? 0, value: older });
    }
    expect(await inspect.del(`${prefix}jobs:rows-of-${person}`)).toBe(1);
  }

  describe('has limits', () => {
    test('of the active jobs of a person and in all', async (context) => {
      const { store } = await connect(context);
      await start(store, 1);
      const second = await start(store, 1);
      await expect(start(store, 1)).rejects.toMatchObject(overloaded);
      await start(store, 1, byOther);
      await expect(start(store, 1, { startedBy: { oid: 'third', name: 'Third' } })).rejects.toMatchObject(overloaded);
      await store.update(second, (job) => ({ ...job, state: 'done' }));
      await start(store, 1);
    });

    test('of the active jobs also for a job that is resumed, but not for one that is cancelled', async (context) => {
      const { store } = await connect(context);
      const [ended, waiting] = [
        await start(store, 1, { state: 'done' }),
        await start(store, 1, { state: 'waiting-for-sign-in' }),
      ];
      await start(store, 1);
      await start(store, 1);
      const actor = { oid: 'one', name: 'Canary Name', requestId: 'request' };
      for (const jobId of [ended, waiting]) {
        await expect(store.update(jobId, resume(actor))).rejects.toMatchObject(overloaded);
      }
      expect(await store.get(ended)).toMatchObject({ state: 'done' });
      expect(await store.update(waiting, cancel)).toMatchObject({ state: 'cancelling' });
    });

    test('of the rows of a person and in all, also of jobs that have ended', async (context) => {
      const { redis, store } = await connect(context);
      const key = 'key';
      const first = await start(store, 700, { state: 'done', key });
      await expect(start(store, 301)).rejects.toMatchObject(overloaded);
      await start(store, 300);
      await start(store, 500, { ...byOther, state: 'done' });
      // Now the limit of all rows is reached.
      await expect(start(store, 1, byOther)).rejects.toMatchObject(overloaded);
      // The store deletes no job for another one: its rows can be read, and its key starts nothing twice.
      expect(await store.rows(first, { from: 0, limit: 1_000 })).toHaveLength(700);
      expect(await start(store, 700, { key })).toBe(first);
      // Both limits allow rows again when jobs are deleted by age.
      const queue = createRedisJobQueue({ redis, retentionMs: 1, onError: () => undefined });
      queue.start(async () => undefined);
      await expect.poll(async () => (await store.stats()).rows, slowly).toBe(300);
      await queue.stop();
      await start(store, 700);
      await start(store, 500, byOther);
    });

    test('of the rows of a person do not count jobs of a version that did not record their person', async (context) => {
      const { redis, store } = await connect(context);
      const jobId = await start(store, 400, { state: 'done' });
      await withoutPerson(jobId);
      await start(store, 1_000);
      const queue = createRedisJobQueue({ redis, retentionMs: 1, onError: () => undefined });
      queue.start(async () => undefined);
      await expect.poll(() => store.get(jobId), slowly).toBeUndefined();
      await queue.stop();
      expect(await store.stats()).toMatchObject({ rows: 1_000 });
      await expect(start(store, 1)).rejects.toMatchObject(overloaded);
    });

    test('of the rows that starts at the same time cannot exceed', async (context) => {
      const [one, two] = [await connect(context), await connect(context)];
      const starts = Array.from({ length: 3 }, (_, index) =>
        start((index % 2 ? one : two).store, 600, { startedBy: { oid: `person-${index}`, name: 'Other' } }),
      );
      const results = await Promise.allSettled(starts);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(await one.store.stats()).toMatchObject({ rows: 1_200 });
    });

    test('that starts at the same time cannot exceed', async (context) => {
      const [one, two] = [await connect(context), await connect(context)];
      const starts = Array.from({ length: 20 }, (_, index) => start((index % 2 ? one : two).store, 1));
      const results = await Promise.allSettled(starts);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(limits.activePerPerson);
    });
  });

  test('starts a job once for each key of a user, also at two replicas at once', async (context) => {
    const [one, two] = [await connect(context), await connect(context)];
    const [first, second] = await Promise.all([
      start(one.store, 1, { key: 'key' }),
      start(two.store, 1, { key: 'key' }),
    ]);
    expect(second).toBe(first);
    expect(await start(two.store, 1, { key: 'key', ...byOther })).not.toBe(first);
    expect(await one.store.list(undefined, 10)).toHaveLength(2);
  });

  test('returns rows by index and outcome', async (context) => {
    const { redis, store } = await connect(context);
    const jobId = await start(store, 1_000);
    const run = await takeAll(redis, jobId);
    const rejected = rowsOf(1_000).map(
      (row): JobRow => ({ ...row, outcome: row.index % 300 ? 'waiting' : 'rejected' }),
    );
    await store.saveRows(jobId, rejected, countRows(rejected), run);
    const indexes = async (selection: Parameters<JobStore['rows']>[1]) =>
      (await store.rows(jobId, selection)).map(({ index }) => index);
    expect(await indexes({ from: 0, limit: Number.POSITIVE_INFINITY })).toEqual(rejected.map(({ index }) => index));
    expect(await indexes({ from: 1, limit: 2, outcome: 'rejected' })).toEqual([300, 600]);
    expect(await indexes({ from: 998, limit: 500 })).toEqual([998, 999]);
    expect((await store.get(jobId))?.counts).toMatchObject({ rejected: 4, waiting: 996 });
  });

  test('lists jobs by time, page by page, at every replica', async (context) => {
    const [one, two] = [await connect(context), await connect(context)];
    const ids: string[] = [];
    for (let hour = 0; hour < 5; hour++) {
      ids.push(await start(one.store, 1, { state: 'done', startedAt: `2026-01-01T0${hour}:00:00.000Z` }));
    }
    const [newest, next] = await two.store.list(undefined, 2);
    expect([newest?.jobId, next?.jobId]).toEqual([ids[4], ids[3]]);
    expect((await two.store.list(next, 10)).map(({ jobId }) => jobId)).toEqual([ids[2], ids[1], ids[0]]);
    expect(newest).toMatchObject({ startedBy: { name: 'Canary Name' }, total: 1 });
  });

  test('serializes the changes of several replicas', async (context) => {
    const [one, two] = [await connect(context), await connect(context)];
    const jobId = await start(one.store, 1);
    const changes = Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? one : two).store.update(jobId, (job) => ({ ...job, title: `${job.title ?? ''}x` })),
    );
    await Promise.all(changes);
    expect((await one.store.get(jobId))?.title).toBe('xxxxxxxxxx');
  });

  test('rejects the writes of a run that a later one has replaced', async (context) => {
    const { redis, store } = await connect(context);
    const jobId = await start(store, 1);
    const first = await takeAll(redis, jobId);
    await store.update(jobId, (job) => ({ ...job, state: 'cancelling' }));
    const second = await takeAll(redis, jobId);
    expect(second).toBe(first + 1);
    const rows = rowsOf(1).map((row): JobRow => ({ ...row, outcome: 'applied' }));
    const outdated = { reason: 'OVERLOADED' };
    await expect(store.saveRows(jobId, rows, countRows(rows), first)).rejects.toMatchObject(outdated);
    await expect(store.update(jobId, (job) => ({ ...job, state: 'done' }), first)).rejects.toMatchObject(outdated);
    expect((await store.rows(jobId, { from: 0, limit: 1 }))[0]?.outcome).toBe('waiting');
    await store.saveRows(jobId, rows, countRows(rows), second);
    expect((await store.rows(jobId, { from: 0, limit: 1 }))[0]?.outcome).toBe('applied');
  });

  test('deletes a job by age once it has ended, and ends its streams', async (context) => {
    const { redis, store } = await connect(context, { retentionMs: 500 });
    const changed: (string | undefined)[] = [];
    const ended = await start(store, 2, { state: 'done', key: 'key' });
    const active = await start(store, 3);
    const waiting = await start(store, 4, { state: 'waiting-for-approval', startedAt: '2026-01-01T00:00:00.000Z' });
    store.onChange((jobId) => changed.push(jobId));
    const queue = createRedisJobQueue({ redis, retentionMs: 500, onError: () => undefined });
    queue.start(() => new Promise(() => undefined));
    await expect.poll(() => changed, slowly).toContain(ended);
    expect(await store.get(ended)).toBeUndefined();
    expect(await store.list(undefined, 10)).toMatchObject([{ jobId: active }, { jobId: waiting }]);
    expect(await store.rows(waiting, { from: 0, limit: 10 })).toHaveLength(4);
    const jobs = { done: 0, queued: 1, 'waiting-for-approval': 1 };
    expect(await store.stats()).toMatchObject({ jobs, rows: 7, waitingRows: 3 });
    expect(await start(store, 1, { key: 'key' })).not.toBe(ended);
    await store.update(active, (job) => ({ ...job, state: 'done' }));
    await expect.poll(() => store.get(active), slowly).toBeUndefined();
    expect(await store.get(waiting)).toBeDefined();
  });

  test('counts jobs and rows for the metrics', async (context) => {
    const { store } = await connect(context);
    expect(await store.stats()).toMatchObject({ rows: 0, waitingRows: 0, oldestActiveAtMs: undefined, maxRows: 1_500 });
    const before = Date.now();
    await start(store, 3);
    await start(store, 5, { state: 'waiting-for-approval' });
    const { oldestActiveAtMs = 0, ...stats } = await store.stats();
    expect(stats).toMatchObject({
      jobs: { queued: 1, 'waiting-for-approval': 1, running: 0 },
      rows: 8,
      waitingRows: 3,
    });
    expect(Math.abs(oldestActiveAtMs - before)).toBeLessThan(60_000);
  });

  test('contains no readable name, and nothing that opens in another place or with another secret', async (context) => {
    const { inspect } = server;
    const { store } = await connect(context);
    const one = await start(store, 2, { title: 'Canary title', key: 'canary-key' });
    const two = await start(store, 2);
    const texts: unknown[] = [];
    for (const key of await inspect.keys('*')) {
      const type = await inspect.type(key);
      if (type === 'hash') texts.push(key, await inspect.hGetAll(key));
      else texts.push(key, type === 'zset' ? await inspect.zRange(key, 0, -1) : await inspect.get(key));
    }
    expect(JSON.stringify(texts)).toContain(one);
    expect(JSON.stringify(texts)).not.toMatch(/canary/i);

    const other = await connect(context, { secret: 'another-secret-of-the-tests-own' });
    expect(await other.store.get(one)).toBeUndefined();
    await expect(other.store.update(one, (job) => job)).rejects.toMatchObject({ reason: 'OVERLOADED' });

    const [first = '', second = ''] = await inspect.hmGet(`${prefix}job-rows:${one}`, ['0', '1']);
    await inspect.hSet(`${prefix}job-rows:${one}`, { 0: second ?? '', 1: first ?? '' });
    await expect(store.rows(one, { from: 0, limit: 2 })).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await inspect.hSet(`${prefix}job:${one}`, 'record', (await inspect.hGet(`${prefix}job:${two}`, 'record')) ?? '');
    expect(await store.get(one)).toBeUndefined();
  });

  test('does not claim that a job is not stored if Redis replies too late', async (context) => {
    const { store } = await connect(context);
    await start(store, 1);
    server.pause();
    const uncertain = { reason: 'OUTCOME_UNKNOWN', certainty: 'unknown' };
    const started = expect(start(store, 3, { title: 'late', ...byOther })).rejects.toMatchObject(uncertain);
    await started.finally(() => server.resume());
    const titles = async () => (await store.list(undefined, 10).catch(() => [])).map(({ title }) => title);
    await expect.poll(titles, slowly).toContain('late');
  });

  test('rejects everything while Redis is full or unavailable, and stores nothing in part', async (context) => {
    const { store } = await connect(context);
    const jobId = await start(store, 1);
    await server.inspect.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
    const refused = { reason: 'OVERLOADED', details: { retryAfterMs: 1_000 } };
    await expect(start(store, 500, byOther)).rejects.toMatchObject(refused);
    await expect(store.update(jobId, (job) => ({ ...job, title: 'x' }))).rejects.toMatchObject(refused);
    expect(await store.get(jobId)).toMatchObject({ title: null });
    await server.inspect.configSet('maxmemory', '0');
    expect(await store.stats()).toMatchObject({ rows: 1, jobs: { queued: 1 } });
    await server.stop();
    await expect(store.get(jobId)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await server.start();
    await expect.poll(() => store.get(jobId).catch(() => undefined), slowly).toMatchObject({ jobId });
  });
});
