import { beforeAll, describe, expect, test } from 'vitest';
import type { RouterInputs, RouterOutputs } from '../../src/contract.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type KnownState, manyStates } from '../support/states.js';

const pair = usePair({ GRAPH_WRITES_PER_20S: '100000' }, { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
const slowly = { interval: 20, timeout: 60_000 };
let states: readonly KnownState[];
let counter = 200_000;

beforeAll(async () => {
  states = await manyStates(pair.service, 5, ['deviceShellScript']);
});

type Row = RouterInputs['updateJob']['start']['updates'][number];
type Result = RouterOutputs['updateJob']['results']['items'][number];

const client = () => pair.service.client;

const targetOf = (index: number) => states[index]?.target ?? expect.fail('no state');
const current = (index: number) => client().scriptUserState.get.query(targetOf(index));
const rowOf = (index: number): Row => ({ ...targetOf(index), patch: { successDeviceCount: counter++ } });

async function finish({ jobId }: { readonly jobId: string }): Promise<readonly Result[]> {
  await expect.poll(async () => (await client().updateJob.get.query({ jobId })).state, slowly).toBe('done');
  return (await client().updateJob.results.query({ jobId })).items;
}

describe('the values before a row are those that were read', () => {
  test('also if nothing was written', async () => {
    const [before, other] = await Promise.all([current(0), current(1)]);
    const rows = await finish(
      await client().updateJob.start.mutate({
        updates: [
          { ...targetOf(0), patch: { successDeviceCount: before.successDeviceCount } },
          { ...rowOf(1), expected: { successDeviceCount: -1 } },
        ],
      }),
    );
    expect(rows).toMatchObject([
      { outcome: 'unchanged', before, userState: before },
      { outcome: 'rejected', before: other, error: { data: { reason: 'CONFLICT', current: other } } },
    ]);
    expect(await patches(pair.simulator)).toEqual([]);
  });

  test.each([
    ['rejected', 'rejected', 'GRAPH_REJECTED'],
    ['ignored', 'rejected', 'NOT_APPLIED'],
    ['accepted-unapplied', 'unknown', 'OUTCOME_UNKNOWN'],
  ] as const)('if Graph answers the write with the fault %s', async (fault, outcome, reason) => {
    const before = await current(2);
    await pair.simulator.fault({ fault, method: 'PATCH', times: 'always' });
    const started = await client().updateJob.start.mutate({ updates: [rowOf(2)] });
    expect(await finish(started)).toMatchObject([{ outcome, before, error: { data: { reason } } }]);
    const { items } = await client().activity.list.query({ jobId: started.jobId });
    expect(items).toMatchObject([{ outcome, before, jobId: started.jobId }]);
  });

  test('and if each row of one state is the next one', async () => {
    const [first, second, third] = [rowOf(3), rowOf(3), rowOf(3)];
    const before = await current(3);
    const rows = await finish(await client().updateJob.start.mutate({ updates: [first, second, third] }));
    expect(rows.map((row) => row.before?.successDeviceCount)).toEqual([
      before.successDeviceCount,
      first.patch.successDeviceCount,
      second.patch.successDeviceCount,
    ]);
  });
});

test('a row fails whose script was deleted, and the others do not', async () => {
  const deleted = { scriptKind: 'deviceShellScript', scriptId: 'deleted' } as const;
  const updates: Row[] = [
    { ...deleted, userStateId: 'deleted:one', patch: { successDeviceCount: 1 } },
    rowOf(0),
    { ...deleted, userStateId: 'deleted:two', patch: { successDeviceCount: 1 } },
  ];
  const { jobId } = await client().updateJob.start.mutate({ updates });
  const rows = await finish({ jobId });
  const notFound = { outcome: 'rejected', error: { data: { reason: 'GRAPH_NOT_FOUND' } } };
  expect(rows).toMatchObject([notFound, { outcome: 'applied' }, notFound]);
  expect(rows[0]).not.toHaveProperty('before');
  // The script of the other row is deleted as well, before the job is undone.
  await pair.simulator.fault({
    fault: 'not-found',
    path: encodeURIComponent(targetOf(0).userStateId),
    times: 'always',
  });
  expect(await finish(await client().updateJob.undo.mutate({ jobId }))).toMatchObject([notFound]);
});

describe('the activity of a single call', () => {
  test('has the values before it, if they were read', async () => {
    const before = await current(4);
    const { patch } = rowOf(4);
    const expected = { successDeviceCount: before.successDeviceCount };
    const after = await client().scriptUserState.update.mutate({ ...targetOf(4), patch, expected });
    const [latest] = (await client().activity.list.query(targetOf(4))).items;
    expect(latest).toEqual({
      at: expect.any(String) as string,
      actor: { oid: 'local-operator', name: 'Local operator' },
      action: 'update',
      ...targetOf(4),
      before,
      after,
      outcome: 'applied',
      requestId: expect.any(String) as string,
    });
    expect(new Date(latest?.at ?? '').toISOString()).toBe(latest?.at);
    await client().scriptUserState.update.mutate({ ...rowOf(4) });
    expect((await client().activity.list.query(targetOf(4))).items[0]).not.toHaveProperty('before');
  });

  test('also if the state had other values', async () => {
    const before = await current(4);
    const call = client().scriptUserState.update.mutate({ ...rowOf(4), expected: { successDeviceCount: -1 } });
    await expect(call).rejects.toThrow();
    const [latest] = (await client().activity.list.query(targetOf(4))).items;
    expect(latest).toMatchObject({ outcome: 'rejected', before });
    expect(latest).not.toHaveProperty('after');
  });

  test('of a creation and a deletion', async () => {
    const { scriptKind, scriptId } = targetOf(4);
    const userState = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'new@contoso.example' };
    const created = await client().scriptUserState.create.mutate({ scriptKind, scriptId, userState });
    const target = { scriptKind, scriptId, userStateId: created.id };
    const expected = { errorDeviceCount: 2 };
    await client().scriptUserState.delete.mutate({ ...target, expected });
    const { items } = await client().activity.list.query(target);
    expect(items).toMatchObject([
      { action: 'delete', ...target, before: created, outcome: 'applied' },
      { action: 'create', ...target, after: created, outcome: 'applied' },
    ]);
    expect(items[0]).not.toHaveProperty('after');
  });
});
