import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RouterInputs, RouterOutputs } from '../../src/contract.js';
import { createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { batches, patches, requests, stateOf } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type KnownState, manyStates } from '../support/states.js';

const pair = usePair(
  { GRAPH_WRITES_PER_20S: '100000', GRAPH_DEADLINE_MS: '10000' },
  { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 },
);
const slowly = { interval: 20, timeout: 60_000 };
let states: readonly KnownState[];
let counter = 100_000;

beforeAll(async () => {
  states = await manyStates(pair.service, 200, ['deviceShellScript']);
});
beforeEach(() => pair.simulator.settings({ approval: false }));

const jobs = () => pair.service.client.updateJob;

/** Rows with values that no state has yet. */
function rows(count: number): readonly Row[] {
  counter += 1000;
  return states
    .slice(0, count)
    .map(({ target }, index) => ({ ...target, patch: { successDeviceCount: counter + index } }));
}

type Row = RouterInputs['updateJob']['start']['updates'][number];
type Job = RouterOutputs['updateJob']['get'];
type Result = RouterOutputs['updateJob']['results']['items'][number];

async function until(jobId: string, ...wanted: readonly Job['state'][]): Promise<Job> {
  await expect.poll(async () => (await jobs().get.query({ jobId })).state, slowly).toBeOneOf([...wanted]);
  return jobs().get.query({ jobId });
}

async function resultsOf(jobId: string): Promise<readonly Result[]> {
  return (await jobs().results.query({ jobId })).items;
}

async function run(updates: readonly Row[], more: object = {}): Promise<Job> {
  const { jobId } = await jobs().start.mutate({ updates, ...more });
  return until(jobId, 'done', 'waiting-for-approval');
}

const current = async (index: number) => pair.service.client.scriptUserState.get.query(states[index]?.target as never);

describe('a job', () => {
  test('continues after the response to its start, and reads and writes in batches', async () => {
    const updates = rows(100);
    const job = await run(updates, { title: 'Corrections' });
    expect(job).toMatchObject({ title: 'Corrections', state: 'done', total: 100, durable: false });
    expect(job.counts).toMatchObject({ applied: 100, waiting: 0 });
    const results = await resultsOf(job.jobId);
    expect(results.map(({ index }) => index)).toEqual(updates.map((_, index) => index));
    expect(results).toMatchObject(updates.map(({ patch }) => ({ outcome: 'applied', userState: patch })));
    expect(results.every(({ before }) => before !== undefined)).toBe(true);
    const sizes = (await batches(pair.simulator)).map((items) => items.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(200);
    expect(sizes.length).toBeLessThanOrEqual(14);
  });

  test('does not write to states that have the values already', async () => {
    const updates = rows(20);
    await run(updates);
    await pair.simulator.reset();
    const job = await run(updates);
    expect(job.counts).toMatchObject({ unchanged: 20, applied: 0 });
    expect(await patches(pair.simulator)).toEqual([]);
    expect(await requests(pair.simulator, 'GET')).toHaveLength(20);
  });

  test('reports each row that fails, and the others are applied', async () => {
    const updates = rows(5);
    await pair.simulator.fault({ fault: 'rejected', method: 'PATCH', path: states[2]?.target.userStateId as string });
    const job = await run([{ ...(updates[0] as Row), expected: { successDeviceCount: 1 } }, ...updates.slice(1)]);
    expect(job.counts).toMatchObject({ rejected: 2, applied: 3 });
    const [conflict, , rejected] = await resultsOf(job.jobId);
    expect(conflict).toMatchObject({ outcome: 'rejected', error: { data: { reason: 'CONFLICT' } } });
    expect(rejected).toMatchObject({ outcome: 'rejected', error: { data: { reason: 'GRAPH_REJECTED' } } });
    const rejectedOnly = await jobs().results.query({ jobId: job.jobId, outcome: 'rejected' });
    expect(rejectedOnly.items.map(({ index }) => index)).toEqual([0, 2]);
    // The failed row is sent again, and the others are not.
    await pair.simulator.reset();
    await jobs().resume.mutate({ jobId: job.jobId });
    await expect.poll(async () => (await jobs().get.query({ jobId: job.jobId })).counts.applied, slowly).toBe(4);
    const sent = await patches(pair.simulator);
    expect(sent.map(stateOf)).toEqual([states[2]?.target.userStateId]);
  });

  test('applies rows for one state in their order', async () => {
    const [target] = states;
    const updates = Array.from({ length: 30 }, (_, index) => ({
      ...(target?.target as Row),
      patch: { successDeviceCount: counter + index },
    }));
    counter += 1000;
    await run(updates);
    expect((await patches(pair.simulator)).map(({ body }) => (body as Row['patch']).successDeviceCount)).toEqual(
      updates.map(({ patch }) => patch.successDeviceCount),
    );
  });

  test('is started once for each key of a user', async () => {
    const updates = rows(2);
    const [first, second] = await Promise.all([
      jobs().start.mutate({ updates, key: 'once' }),
      jobs().start.mutate({ updates, key: 'once' }),
    ]);
    expect(second).toEqual(first);
    await until(first.jobId, 'done');
    expect(await jobs().start.mutate({ updates, key: 'once' })).toEqual(first);
    expect(await patches(pair.simulator)).toHaveLength(2);
  });

  test('is audited row by row, with its id', async () => {
    const job = await run(rows(3));
    const lines = pair.service.outcomes({ jobId: job.jobId });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ outcome: 'applied', oid: 'local-operator' });
    expect(pair.service.lines({ log: 'audit', event: 'job', jobId: job.jobId })).toMatchObject([
      { action: 'updateJob.start', oid: 'local-operator' },
    ]);
  });
});

describe('cancel', () => {
  test('completes what was sent, and sends nothing else', async () => {
    await pair.simulator.fault({ fault: 'latency', delayMs: 500, method: 'GET', times: 'always' });
    const { jobId } = await jobs().start.mutate({ updates: rows(150) });
    await expect.poll(async () => (await patches(pair.simulator)).length, slowly).toBeGreaterThan(0);
    await jobs().cancel.mutate({ jobId });
    const { counts } = await until(jobId, 'cancelled');
    const sent = (await patches(pair.simulator)).length;
    expect(sent).toBeLessThan(150);
    expect(counts['not-sent']).toBe(150 - sent);
    expect(counts.applied).toBe(sent);
    await pair.simulator.reset();
    await jobs().resume.mutate({ jobId });
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 150 });
    expect(await patches(pair.simulator)).toHaveLength(150 - sent);
  });
});

describe('undo', () => {
  test('restores the values before, except where somebody has changed them since', async () => {
    const before = await Promise.all([current(0), current(1), current(2)]);
    const job = await run(rows(3));
    const changed = { successDeviceCount: 7 };
    await pair.service.client.scriptUserState.update.mutate({ ...(states[1]?.target as Row), patch: changed });
    const { jobId } = await jobs().undo.mutate({ jobId: job.jobId });
    expect(pair.service.lines({ log: 'audit', event: 'job', jobId })).toMatchObject([
      { action: 'updateJob.undo', undoneJobId: job.jobId },
    ]);
    expect(jobId).not.toBe(job.jobId);
    expect(await jobs().undo.mutate({ jobId: job.jobId })).toEqual({ jobId });
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 2, rejected: 1 });
    expect([await current(0), await current(2)]).toEqual([before[0], before[2]]);
    expect(await current(1)).toMatchObject(changed);
    expect((await resultsOf(jobId))[1]).toMatchObject({ error: { data: { reason: 'CONFLICT' } } });
  });

  test('restores the first of several values of one state', async () => {
    const before = await current(3);
    const patchOf = (successDeviceCount: number) => ({ ...(states[3]?.target as Row), patch: { successDeviceCount } });
    const job = await run([patchOf(counter + 1), patchOf(counter + 2)]);
    const { jobId } = await jobs().undo.mutate({ jobId: job.jobId });
    expect((await until(jobId, 'done')).counts).toMatchObject({ applied: 2 });
    expect(await current(3)).toEqual(before);
  });

  test('is rejected for a job without applied rows', async () => {
    const job = await run(rows(1).map((row) => ({ ...row, expected: { successDeviceCount: 1 } })));
    expect(await failure(jobs().undo.mutate({ jobId: job.jobId }))).toMatchObject({ reason: 'INVALID_INPUT' });
  });
});

describe('with multi admin approval', () => {
  test('rows keep their codes, and are completed once they have been approved', async () => {
    await pair.simulator.settings({ approval: true });
    await pair.simulator.clearApprovals();
    const job = await run(rows(2), { justification: 'wrong counts' });
    expect(job.state).toBe('waiting-for-approval');
    const codes = (await resultsOf(job.jobId)).map(({ approvalCode }) => approvalCode ?? '');
    expect(codes.every((code) => code !== '')).toBe(true);
    await pair.simulator.approve(codes[0] ?? '');
    await jobs().resume.mutate({ jobId: job.jobId });
    await expect.poll(async () => (await jobs().get.query({ jobId: job.jobId })).counts.applied, slowly).toBe(1);
    expect((await until(job.jobId, 'waiting-for-approval')).counts).toMatchObject({ 'pending-approval': 1 });
    expect((await resultsOf(job.jobId))[1]?.approvalCode).toBe(codes[1]);
    await pair.simulator.approve(codes[1] ?? '');
    await jobs().resume.mutate({ jobId: job.jobId });
    expect((await until(job.jobId, 'done')).counts).toMatchObject({ applied: 2 });
  });
});

describe('watch', () => {
  test('streams the job until it has ended', async () => {
    const { jobId } = await jobs().start.mutate({ updates: rows(60) });
    const seen: Job[] = [];
    for await (const job of await createStreamClient(pair.service).updateJob.watch.query({ jobId })) seen.push(job);
    expect(seen.at(-1)).toMatchObject({ state: 'done', counts: { applied: 60 } });
  });
});

describe('activity.list', () => {
  test('shows single writes and rows, newest first, with the values before and after', async () => {
    const job = await run(rows(2));
    const target = states[0]?.target as Row;
    await pair.service.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: 3 } });
    const { items } = await pair.service.client.activity.list.query(target);
    expect(items[0]).toMatchObject({ ...target, actor: { oid: 'local-operator' }, after: { successDeviceCount: 3 } });
    expect(items[0]).not.toHaveProperty('jobId');
    expect(items[1]).toMatchObject({ jobId: job.jobId, before: { id: target.userStateId }, outcome: 'applied' });
    const ofJob = await pair.service.client.activity.list.query({ jobId: job.jobId });
    expect(ofJob.items).toHaveLength(2);
  });
});

test('an unknown job is reported as INVALID_INPUT', async () => {
  const jobId = crypto.randomUUID();
  for (const call of [jobs().get.query({ jobId }), jobs().undo.mutate({ jobId }), jobs().cancel.mutate({ jobId })]) {
    expect(await failure(call)).toMatchObject({ reason: 'INVALID_INPUT', issues: [{ path: ['jobId'] }] });
  }
});

test('jobs are listed newest first', async () => {
  const first = await run(rows(1));
  const second = await run(rows(1));
  const { items } = await jobs().list.query({});
  expect(items.slice(0, 2).map(({ jobId }) => jobId)).toEqual([second.jobId, first.jobId]);
  expect((await pair.service.client.session.current.query()).durableJobs).toBe(false);
});

describe('invalid inputs are rejected before anything is stored', () => {
  const update = {
    scriptKind: 'deviceShellScript',
    scriptId: 'script',
    userStateId: 'state',
    patch: { errorDeviceCount: 1 },
  };
  test.each<[string, object, readonly (string | number)[]]>([
    ['no updates', { updates: [] }, ['updates']],
    ['5,001 updates', { updates: Array.from({ length: 5_001 }, () => update) }, ['updates']],
    ['an approval code', { updates: [{ ...update, approval: { code: 'a' } }] }, ['updates', 0]],
    ['an unknown field', { updates: [update], more: 1 }, []],
    ['an empty title', { updates: [update], title: '' }, ['title']],
    ['a title with a control character', { updates: [update], title: 'a\u0007' }, ['title']],
    ['a key with white space', { updates: [update], key: 'a b' }, ['key']],
    ['an empty justification', { updates: [update], justification: '' }, ['justification']],
  ])('%s', async (_, input, path) => {
    expect(await failure(jobs().start.mutate(input as never))).toMatchObject({
      reason: 'INVALID_INPUT',
      issues: [{ path }],
    });
  });

  test.each([{ scriptId: 'script' }, { scriptKind: 'deviceShellScript', userStateId: 'state' }, { jobId: 'job' }])(
    'activity.list of %j',
    async (input) => {
      const list = pair.service.client.activity.list.query(input as never);
      expect(await failure(list)).toMatchObject({ reason: 'INVALID_INPUT' });
    },
  );

  test('a cursor of another job', async () => {
    const cursor = 'cursor';
    const jobId = (await run(rows(1))).jobId;
    const call = jobs().results.query({ jobId, cursor });
    expect(await failure(call)).toMatchObject({ reason: 'INVALID_INPUT', issues: [{ path: ['cursor'] }] });
  });
});

test('5,000 rows of usual length fit into one call, and their results into pages', async () => {
  const updates = Array.from({ length: 5_000 }, (_, index) => ({
    ...(states[index % 200]?.target as Row),
    patch: {
      successDeviceCount: 1,
      errorDeviceCount: 0,
      userPrincipalName: `first.last.${index % 200}@contoso.example`,
    },
    expected: { successDeviceCount: -1 },
  }));
  const { jobId } = await jobs().start.mutate({ updates });
  await jobs().cancel.mutate({ jobId });
  await until(jobId, 'cancelled');
  const indexes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs().results.query({ jobId, cursor });
    indexes.push(...page.items.map(({ index }) => index));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(indexes).toEqual(updates.map((_, index) => index));
});
