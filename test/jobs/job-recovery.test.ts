import { describe, expect, test } from 'vitest';
import { reasonOf } from '../../src/api/errors.js';
import { createAudit } from '../../src/audit/audit.js';
import { CallError } from '../../src/errors.js';
import { createGraph } from '../../src/graph/graph-service.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { accessTokenCredential, graphScope } from '../../src/graph/tokens/credential.js';
import { createTokenSource } from '../../src/graph/tokens/credential-token-source.js';
import { countRows, type JobRecord, type JobRow } from '../../src/jobs/job.js';
import { createMemoryJobQueue } from '../../src/jobs/job-queue.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import { createJobs, type Jobs } from '../../src/jobs/jobs.js';
import { createMemoryJobStore, memoryJobLimits } from '../../src/jobs/memory-job-store.js';
import { createLog } from '../../src/log.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { noMetrics } from '../../src/telemetry/metrics.js';
import { useFixture } from '../support/fixture.js';
import { type GraphServerResponse, own, useGraphServer } from '../support/graph-server.js';
import { loggedTrail } from '../support/service.js';

const server = useGraphServer();
const slowly = { interval: 10, timeout: 30_000 };
const target = { scriptKind: 'deviceShellScript', scriptId: 'script' } as const;
const actor = { oid: 'person', name: 'Person', requestId: 'request' };
const log = createLog('silent', { write: () => undefined });

const graph = useFixture(
  async () =>
    createGraph({
      baseUrl: new URL(server.baseUrl),
      cursors: createCursorCodec([]),
      deadlineMs: 4_000,
      writesPer20s: 10_000,
      log,
      observer: noMetrics.graph,
      connect: createOutbound({}).connect,
    }),
  (started) => started.close(),
);

const idOf = (index: number) => `script:user-${index}`;
const initialState = (index: number) => ({
  id: idOf(index),
  successDeviceCount: 1,
  errorDeviceCount: 0,
  userPrincipalName: null,
});

/** The states of Graph, and the writes that it receives. */
function startStates(write?: (id: string) => GraphServerResponse | undefined) {
  const states = new Map<string, object>();
  const written: string[] = [];
  server.reset();
  server.respond(({ method, path, body }) => {
    const id = decodeURIComponent(path.split('/').at(-1) ?? '');
    const state = states.get(id) ?? initialState(Number(id.slice('script:user-'.length)));
    if (method === 'GET') return own(200, state);
    written.push(id);
    const response = write?.(id);
    if (response !== undefined) return response;
    const changed = { ...state, ...(JSON.parse(body) as object) };
    states.set(id, changed);
    return own(200, changed);
  });
  return { states, written };
}

const rowAt = (index: number, more: Partial<JobRow> = {}): JobRow => ({
  ...target,
  index,
  userStateId: idOf(index),
  patch: { successDeviceCount: 5 },
  outcome: 'waiting',
  ...more,
});

/** Starts the jobs of one process over a store. */
function startJobs(
  kept: JobStore,
  isAuditUp = () => true,
  pausesMs: readonly number[] = [10],
): Jobs & { readonly run: (jobId: string) => Promise<void> } {
  const trail = { ...loggedTrail([]) };
  trail.append = async () => {
    if (!isAuditUp()) throw new Error('the trail is closed');
  };
  const tokens = createTokenSource(accessTokenCredential('token'), graphScope(new URL(server.baseUrl)), log);
  const queue = createMemoryJobQueue((error) => {
    throw error;
  });
  const jobs = createJobs({
    store: kept,
    queue,
    cursors: createCursorCodec([]),
    graph,
    audit: createAudit(trail, reasonOf, () => undefined),
    callerOf: ({ oid }) => ({ tokens, fairnessKey: oid }),
    mayWrite: async () => true,
    reasonOf,
    onOutcome: () => undefined,
    onApprovalsHidden: () => undefined,
    onDefect: () => undefined,
    pausesMs,
  });
  return { ...jobs, run: (jobId) => queue.add(jobId) };
}

/** Stores a job as a process that has died has left it. */
async function store(rows: readonly JobRow[], state: JobRecord['state'] = 'running'): Promise<[JobStore, string]> {
  const created = createMemoryJobStore(memoryJobLimits, 3_600_000);
  const jobId = await created.create(
    {
      jobId: crypto.randomUUID(),
      title: null,
      startedBy: actor,
      startedAt: new Date().toISOString(),
      state,
      total: rows.length,
      counts: countRows(rows),
      actor,
      changedAtMs: Date.now(),
    },
    rows,
  );
  return [created, jobId];
}

async function finish(kept: JobStore, jobId: string): Promise<readonly JobRow[]> {
  await expect.poll(async () => (await kept.get(jobId))?.state, slowly).toBeOneOf(['done', 'cancelled']);
  return kept.rows(jobId, { from: 0, limit: 100 });
}

describe('a job that another process has abandoned', () => {
  test('sends the rows that wait, and verifies those that were sent', async () => {
    const { states, written } = startStates();
    states.set(idOf(1), { ...initialState(1), successDeviceCount: 5 });
    states.set(idOf(2), { ...initialState(2), successDeviceCount: 9 });
    const [kept, jobId] = await store([
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
    const [kept, jobId] = await store([rowAt(0, { isSent: true, before: initialState(0) })]);
    await kept.update(jobId, (job) => ({ ...job, justification: 'wrong count' }));
    const jobs = startJobs(kept);
    await jobs.run(jobId);
    expect((await finish(kept, jobId))[0]?.outcome).toBe('unknown');
    expect(written).toEqual([]);
    await jobs.stop();
  });

  test('cancels the rows that wait if its state is cancelling', async () => {
    const { written } = startStates();
    const [kept, jobId] = await store([rowAt(0), rowAt(1, { isSent: true, before: initialState(1) })], 'cancelling');
    const jobs = startJobs(kept);
    await jobs.run(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['not-sent', 'unknown']);
    expect((await kept.get(jobId))?.state).toBe('cancelled');
    expect(written).toEqual([]);
    await jobs.stop();
  });
});

test('a row is stored as sent, with the state before, before its request is sent', async () => {
  const [kept, jobId] = await store([rowAt(0)], 'queued');
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
  const [kept, jobId] = await store(rows, 'queued');
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
    const [kept, jobId] = await store([rowAt(0), rowAt(1)], 'queued');
    let refusals = 0;
    const jobs = startJobs(kept, () => ++refusals > 6);
    await jobs.run(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect(written).toHaveLength(2);
    await jobs.stop();
  });

  test('until the job is cancelled, which does not wait for the next attempt', async () => {
    const { written } = startStates();
    const [kept, jobId] = await store([rowAt(0), rowAt(1)], 'queued');
    let refusals = 0;
    const jobs = startJobs(kept, () => ++refusals < 0, [3_600_000]);
    await jobs.run(jobId);
    await expect.poll(() => refusals, slowly).toBe(2);
    await jobs.cancel(jobId);
    expect((await finish(kept, jobId)).map(({ outcome }) => outcome)).toEqual(['not-sent', 'not-sent']);
    expect(written).toEqual([]);
    await jobs.stop();
  });

  test('while the store is unavailable', async () => {
    const { written } = startStates();
    const [kept, jobId] = await store([rowAt(0), rowAt(1)], 'queued');
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
  const [kept, jobId] = await store([first, rowAt(1, { userStateId: idOf(0), outcome: 'applied' })], 'done');
  const jobs = startJobs(kept);
  await jobs.resume(jobId, actor);
  const rows = await finish(kept, jobId);
  expect(rows.map(({ outcome }) => outcome)).toEqual(['rejected', 'applied']);
  expect(written).toEqual([]);
  await jobs.stop();
});

test('only the user whose tokens a job uses can resume it', async () => {
  startStates();
  const [kept, jobId] = await store([rowAt(0, { outcome: 'rejected' })], 'done');
  await kept.update(jobId, (job) => ({ ...job, actor: { ...actor, sessionId: 'session', isDelegated: true } }));
  const jobs = startJobs(kept);
  await expect(jobs.resume(jobId, { ...actor, oid: 'other' })).rejects.toMatchObject({ problem: 'not-the-owner' });
  await jobs.resume(jobId, { ...actor, sessionId: 'next', isDelegated: true });
  expect((await finish(kept, jobId))[0]?.outcome).toBe('applied');
  await jobs.stop();
});
