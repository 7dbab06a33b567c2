import { expect, test } from 'vitest';
import type { WriteObserver } from '../../src/audit/audit.js';
import { CallError } from '../../src/errors.js';
import { own } from '../support/graph-server.js';
import { finish, idOf, initialState, rowAt, storeJob, useStoredJobs } from '../support/stored-jobs.js';

const { startJobs, startStates } = useStoredJobs();
const slowly = { interval: 10, timeout: 30_000 };

interface Line {
  readonly userStateId: string;
  readonly phase: 'intent' | 'outcome';
  readonly outcome?: string;
  readonly reason?: string;
}

/** Records what the audit trail and the metrics receive. */
function createRecord() {
  const lines: Line[] = [];
  const observed: string[] = [];
  const observe: WriteObserver = ({ outcome }) => observed.push(outcome);
  return { lines, observed, observe, append: async (line: string) => void lines.push(JSON.parse(line) as Line) };
}

test('a row that waits because it could not be stored as sent is neither rejected nor counted', async () => {
  startStates();
  const [kept, jobId] = await storeJob([rowAt(0)], 'queued');
  const record = createRecord();
  let failures = 1;
  const store = {
    ...kept,
    async saveRows(...args: Parameters<typeof kept.saveRows>) {
      if (failures-- > 0) throw new CallError('OVERLOADED');
      await kept.saveRows(...args);
    },
  };
  const jobs = startJobs(store, record);
  await jobs.run(jobId);
  await finish(kept, jobId);
  expect(record.lines.map(({ phase, outcome, reason }) => [phase, outcome, reason])).toEqual([
    ['intent', undefined, undefined],
    ['outcome', 'not-sent', 'OVERLOADED'],
    ['intent', undefined, undefined],
    ['outcome', 'applied', undefined],
  ]);
  expect(record.observed).toEqual(['applied']);
  await jobs.stop();
});

test('rows that a handover leaves waiting are neither rejected nor counted', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => rowAt(index));
  const { written } = startStates();
  const [kept, jobId] = await storeJob(rows, 'queued');
  const record = createRecord();
  const jobs = startJobs(kept, record);
  await jobs.run(jobId);
  await expect.poll(() => written.length, { interval: 1, timeout: 30_000 }).toBeGreaterThan(0);
  await jobs.stop();
  const { counts } = (await kept.get(jobId)) ?? expect.fail('no job');
  expect(counts.waiting).toBeGreaterThan(0);
  expect(record.observed).toEqual(written.map(() => 'applied'));
  const outcomes = record.lines.filter(({ phase }) => phase === 'outcome');
  // Some are stopped between their intent and their request.
  const sent = outcomes.filter(({ outcome }) => outcome !== 'not-sent');
  expect(sent.map(({ outcome }) => outcome)).toEqual(record.observed);
  const intents = record.lines.filter(({ phase }) => phase === 'intent');
  expect(intents).toHaveLength(outcomes.length);
});

test('a row whose outcome a handover leaves unread has no outcome in the trail', async () => {
  let isReached = false;
  let stopping: Promise<void> | undefined;
  const { states } = startStates();
  states.set(idOf(0), { ...initialState(0), successDeviceCount: 5 });
  const [kept, jobId] = await storeJob([rowAt(0, { isSent: true, before: initialState(0) })]);
  const record = createRecord();
  const jobs = startJobs(kept, {
    ...record,
    mayWrite() {
      isReached = true;
      stopping = jobs.stop();
      return true;
    },
  });
  await jobs.run(jobId);
  await expect.poll(() => isReached, slowly).toBe(true);
  await stopping;
  expect((await kept.rows(jobId, { from: 0, limit: 1 }))[0]).toMatchObject({ outcome: 'waiting', isSent: true });
  expect([record.lines, record.observed]).toEqual([[], []]);
});

test('a row that waits because Graph rejected it with 429 is rejected in the trail, and not counted', async () => {
  let rejections = 1;
  const response = own(429);
  const rejection = { ...response, headers: { ...response.headers, 'retry-after': '5' } };
  startStates(() => (rejections-- > 0 ? rejection : undefined));
  const [kept, jobId] = await storeJob([rowAt(0)], 'queued');
  const record = createRecord();
  const jobs = startJobs(kept, record);
  await jobs.run(jobId);
  expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['applied']);
  expect(record.lines.map(({ phase, outcome, reason }) => [phase, outcome, reason])).toEqual([
    ['intent', undefined, undefined],
    ['outcome', 'rejected', 'THROTTLED'],
    ['intent', undefined, undefined],
    ['outcome', 'applied', undefined],
  ]);
  expect(record.observed).toEqual(['applied']);
  await jobs.stop();
});
