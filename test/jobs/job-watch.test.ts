import { afterEach, expect, test, vi } from 'vitest';
import { countRows, type JobRecord } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { createJobWatch, type JobWatch } from '../../src/jobs/job-watch.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';

const slowly = { timeout: 20_000, interval: 5 };
const retentionMs = 60_000;
const actor = { oid: 'one', name: 'One', requestId: 'request' };

afterEach(() => void vi.useRealTimers());

interface Started {
  readonly store: JobStore;
  readonly jobId: string;
  readonly watch: JobWatch;
  /** How often the job was read through the watch. */
  readonly reads: () => number;
  /** Gives the job another title, which is a change like any other. */
  readonly change: (title: string) => Promise<JobRecord | undefined>;
}

async function start(): Promise<Started> {
  const store = createMemoryJobStore(jobLimits, retentionMs);
  const jobId = await store.create(
    {
      jobId: crypto.randomUUID(),
      title: '0',
      startedBy: actor,
      startedAt: new Date().toISOString(),
      state: 'running',
      total: 0,
      counts: countRows([]),
      actor,
      changedAtMs: Date.now(),
    },
    [],
  );
  let count = 0;
  const watch = createJobWatch({
    onChange: (listener) => store.onChange(listener),
    get(id) {
      count++;
      return store.get(id);
    },
  });
  const change = (title: string) => store.update(jobId, (job) => ({ ...job, title }));
  return { store, jobId, watch, change, reads: () => count };
}

/** Reads a stream to its end. The titles of the job are those that were read so far. */
function follow({ watch, jobId }: Started, signal?: AbortSignal) {
  const titles: (string | null)[] = [];
  const ended = (async () => {
    for await (const { title } of watch.records(jobId, signal)) titles.push(title);
  })();
  return { titles, ended };
}

test('while nothing changes, streams read nothing; after a change, all of them share one read', async () => {
  const started = await start();
  const streams = Array.from({ length: 50 }, () => follow(started));
  const all = (...titles: readonly string[]) =>
    expect.poll(() => streams.map((each) => each.titles), slowly).toEqual(streams.map(() => titles));
  await all('0');
  const before = started.reads();
  // A change of another job wakes none of them.
  await started.store.create({ ...((await started.store.get(started.jobId)) as JobRecord), jobId: 'other' }, []);
  await started.store.update('other', (job) => ({ ...job, title: 'other' }));
  await expect.poll(async () => (await started.store.get('other'))?.title, slowly).toBe('other');
  expect(started.reads()).toBe(before);
  await started.change('1');
  await all('0', '1');
  expect(started.reads()).toBe(before + 1);
  started.watch.stop();
  await Promise.all(streams.map(({ ended }) => ended));
});

test('a slow reader receives only the latest state', async () => {
  const started = await start();
  const stream = started.watch.records(started.jobId, undefined);
  expect((await stream.next()).value).toMatchObject({ title: '0' });
  const before = started.reads();
  for (let count = 1; count <= 1_000; count++) await started.change(String(count));
  expect(started.reads()).toBe(before);
  expect((await stream.next()).value).toMatchObject({ title: '1000' });
  expect(started.reads()).toBe(before + 1);
  await stream.return();
});

test('a change during the read of another is not lost', async () => {
  const { store, jobId, change } = await start();
  let release: (() => void) | undefined;
  let held = 0;
  const watch = createJobWatch({
    onChange: (listener) => store.onChange(listener),
    async get(id) {
      const record = await store.get(id);
      // The second read is slow.
      if (++held === 2) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return record;
    },
  });
  const { titles, ended } = follow({ watch, jobId } as Started);
  await expect.poll(() => titles, slowly).toEqual(['0']);
  await change('1');
  await expect.poll(() => release, slowly).toBeDefined();
  await change('2');
  release?.();
  await expect.poll(() => titles.at(-1), slowly).toBe('2');
  watch.stop();
  await ended;
});

test('a restarted stream reports the changes since the last one', async () => {
  const started = await start();
  const cut = new AbortController();
  const first = follow(started, cut.signal);
  const other = follow(started);
  await expect.poll(() => [first.titles, other.titles], slowly).toEqual([['0'], ['0']]);
  cut.abort();
  await first.ended;
  await started.change('1');
  const second = follow(started);
  await started.change('2');
  await expect.poll(() => second.titles.at(-1), slowly).toBe('2');
  await expect.poll(() => other.titles.at(-1), slowly).toBe('2');
  expect(first.titles).toEqual(['0']);
  started.watch.stop();
  await Promise.all([second.ended, other.ended]);
});

test('streams end when the job has ended, and when it was deleted by age', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const started = await start();
  const [ending, ended] = [follow(started), await start()];
  await expect.poll(() => ending.titles, slowly).toEqual(['0']);
  await started.store.update(started.jobId, (job) => ({ ...job, state: 'done', title: 'end' }));
  await ending.ended;
  expect(ending.titles).toEqual(['0', 'end']);
  // This one is deleted before its stream has read that it has ended.
  const deleted = follow(ended);
  await expect.poll(() => deleted.titles, slowly).toEqual(['0']);
  await ended.store.update(ended.jobId, (job) => ({ ...job, state: 'done', changedAtMs: Date.now() }));
  vi.advanceTimersByTime(retentionMs + 1);
  expect(await ended.store.list(undefined, 10)).toEqual([]);
  await deleted.ended;
  expect(deleted.titles).toEqual(['0']);
});

test('a read that fails ends the stream with its error, and the next stream reads again', async () => {
  const { store, jobId, change } = await start();
  let isDown = false;
  const watch = createJobWatch({
    onChange: (listener) => store.onChange(listener),
    get: (id) => (isDown ? Promise.reject(new Error('away')) : store.get(id)),
  });
  const first = follow({ watch, jobId } as Started);
  const failed = expect(first.ended).rejects.toThrow('away');
  await expect.poll(() => first.titles, slowly).toEqual(['0']);
  isDown = true;
  await change('1');
  await failed;
  isDown = false;
  const second = follow({ watch, jobId } as Started);
  await expect.poll(() => second.titles, slowly).toEqual(['1']);
  watch.stop();
  await second.ended;
});
