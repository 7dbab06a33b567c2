import { beforeAll, describe, expect, test } from 'vitest';
import { rowsOf, startMany } from '../support/bulk.js';
import { createBatchClient } from '../support/clients.js';
import type { FaultRule, JournalEntry } from '../support/controls.js';
import { startDelegated } from '../support/delegated.js';
import { batches, newValue, patches, stateOf } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { startTestService } from '../support/service.js';
import { type KnownState, manyStates } from '../support/states.js';

const pair = usePair({ GRAPH_WRITES_PER_20S: '10000' }, { writesPer20s: 1_000_000 });
let states: readonly KnownState[];
let counter = 1000;

beforeAll(async () => {
  states = await manyStates(pair.service, 45);
});

/** The first of 100 values that no state has yet. */
function fresh(): number {
  counter += 100;
  return counter;
}

/** Updates `count` states in one batch of calls. */
function update(count: number, approval?: { readonly justification: string }, service = pair.service) {
  const rows = rowsOf(states.slice(0, count), fresh());
  const { scriptUserState } = createBatchClient(service);
  const calls = rows.map((row) => scriptUserState.update.mutate({ ...row, ...(approval && { approval }) }));
  return { rows, ended: Promise.allSettled(calls) };
}

const unbatched = (entries: readonly JournalEntry[]) =>
  entries.filter(({ batch, path }) => batch === null && !path.endsWith('$batch'));
const done = (rows: readonly { readonly patch: object }[]) =>
  rows.map(({ patch }) => ({ status: 'fulfilled', value: patch }));
const idOf = (index: number) => states[index]?.target.userStateId ?? '';

describe('requests of one call to the service share a batch', () => {
  test('for updates, each of which gets its own values', async () => {
    const { rows, ended } = update(20);
    expect(await ended).toMatchObject(done(rows));
    const [items, ...more] = await batches(pair.simulator);
    expect(more).toEqual([]);
    expect(items?.map(stateOf)).toEqual(rows.map(({ userStateId }) => userStateId));
    expect(items?.map(newValue)).toEqual(rows.map(({ patch }) => patch.successDeviceCount));
    expect(unbatched(await pair.simulator.journal())).toEqual([]);
  });

  test('with at most 20 items', async () => {
    const rows = rowsOf(states, fresh());
    const results = await startMany(pair.service, { updates: [...rows] }).finished;
    expect(results.filter(({ ok }) => ok)).toHaveLength(45);
    expect((await batches(pair.simulator)).map(({ length }) => length)).toEqual([20, 20, 5]);
    expect(unbatched(await pair.simulator.journal())).toEqual([]);
  });

  test('for reads as well', async () => {
    const { get } = createBatchClient(pair.service).scriptUserState;
    const read = await Promise.all(states.slice(0, 15).map(({ target }) => get.query(target)));
    expect(read.map(({ id }) => id)).toEqual(states.slice(0, 15).map(({ state }) => state.id));
    const [items, ...more] = await batches(pair.simulator);
    expect(more).toEqual([]);
    expect(items?.map(({ method }) => method)).toEqual(Array(15).fill('GET'));
    expect(unbatched(await pair.simulator.journal())).toEqual([]);
  });

  test('except a single request, which is sent by itself', async () => {
    const { rows, ended } = update(1);
    expect(await ended).toMatchObject(done(rows));
    expect(await pair.simulator.journal()).toMatchObject([{ method: 'PATCH', batch: null }]);
  });

  test('and never with those of another call', async () => {
    const [one, two] = [update(3), update(5)];
    expect(await one.ended).toMatchObject(done(one.rows));
    expect(await two.ended).toMatchObject(done(two.rows));
    const together = (await batches(pair.simulator)).map((items) => items.map(newValue));
    const wanted = [one.rows, two.rows].map((rows) => rows.map(({ patch }) => patch.successDeviceCount));
    // The first three states are in both calls: their second updates are sent after the first ones.
    const sent = together.flatMap((values) => wanted.map((own) => values.filter((v) => own.includes(v as never))));
    expect(sent.filter(({ length }) => length > 0)).toHaveLength(together.length);
    expect(together[0]).toEqual(wanted[0]);
  });

  test('and never two updates of one state: they are sent one after another', async () => {
    const { scriptUserState } = createBatchClient(pair.service);
    const target = states[0]?.target;
    if (target === undefined) throw new Error('no state');
    const all = Array.from({ length: 20 }, () => ({ successDeviceCount: counter++ }));
    expect(await Promise.all(all.map((patch) => scriptUserState.update.mutate({ ...target, patch })))).toMatchObject(
      all,
    );
    const sent = await patches(pair.simulator);
    expect(sent.map(newValue)).toEqual(all.map((patch) => patch.successDeviceCount));
    expect(sent.map(({ batch }) => batch)).toEqual(Array(20).fill(null));
    for (const [index, { atMs }] of sent.entries()) {
      expect(atMs).toBeGreaterThanOrEqual(sent[index - 1]?.answeredAtMs ?? 0);
    }
  });
});

describe('each item of a batch has its own', () => {
  test('client-request-id, and the batch’s request-id in its audit line', async () => {
    const before = pair.service.outcomes().length;
    const { rows, ended } = update(6);
    await ended;
    const [items = []] = await batches(pair.simulator);
    const lines = pair.service.outcomes({ outcome: 'applied' }).slice(before);
    const noted = lines.map(({ userStateId, graph }) => [
      userStateId,
      (graph as Record<string, string>)['clientRequestId'],
    ]);
    expect(Object.fromEntries(noted)).toEqual(
      Object.fromEntries(items.map((item) => [stateOf(item), item.clientRequestId])),
    );
    expect(new Set(items.map(({ clientRequestId }) => clientRequestId)).size).toBe(rows.length);
    const requestIds = lines.map(({ graph }) => (graph as Record<string, unknown>)['requestId']);
    expect(requestIds).toEqual(Array(6).fill(expect.stringMatching(/^[\w-]{36}$/)));
    // Graph sends the id only once per batch.
    expect(new Set(requestIds).size).toBe(1);
  });

  test('approval', async () => {
    const { rows, ended } = update(4, { justification: 'a ticket' });
    expect(await ended).toMatchObject(done(rows));
    const journal = await pair.simulator.journal();
    const justification = Buffer.from('a ticket').toString('base64');
    expect(journal.map(({ approval }) => approval)).toEqual([
      { justification: null, code: null },
      ...rows.map(() => ({ justification, code: null })),
    ]);
  });

  test.each<[FaultRule['fault'], object]>([
    ['rejected', { reason: 'GRAPH_REJECTED' }],
    ['not-found', { reason: 'GRAPH_NOT_FOUND' }],
    ['conflict', { reason: 'CONFLICT' }],
    ['ignored', { reason: 'NOT_APPLIED', current: expect.any(Object) as unknown }],
    ['forbidden-user', { reason: 'GRAPH_PERMISSION_MISSING' }],
    ['approval-required', { reason: 'APPROVAL_JUSTIFICATION_REQUIRED' }],
    ['approval-pending', { reason: 'APPROVAL_PENDING', approvalCode: expect.any(String) as unknown }],
    ['token-expired', { reason: 'CREDENTIAL_UNAVAILABLE' }],
  ])('outcome: one item fails with %s', async (fault, data) => {
    await pair.simulator.fault({ fault, method: 'PATCH', path: idOf(2), times: 'always' });
    const { rows, ended } = update(5);
    const outcomes = await ended;
    expect(outcomes.filter((_, index) => index !== 2)).toMatchObject(done(rows.filter((_, index) => index !== 2)));
    expect(outcomes[2]).toMatchObject({ status: 'rejected', reason: { data } });
    const [items = []] = await batches(pair.simulator);
    const failed = items.find((item) => stateOf(item) === idOf(2));
    expect(outcomes[2]).toMatchObject({ reason: { data: { graph: { clientRequestId: failed?.clientRequestId } } } });
  });

  test.each<[FaultRule['fault'], Partial<FaultRule>]>([
    ['throttled', { retryAfter: 'seconds', delayMs: 1000 }],
    ['throttled', { retryAfter: 'fractional', delayMs: 300 }],
    ['throttled', { retryAfter: 'nested', delayMs: 1000 }],
    ['unavailable', { retryAfter: 'fractional', delayMs: 300 }],
    ['server-error', {}],
    ['unavailable-bare', {}],
  ])('further attempt: after %s %j only that item is sent again', async (fault, rule) => {
    await pair.simulator.fault({ fault, method: 'PATCH', path: idOf(1), ...rule });
    const { rows, ended } = update(5);
    expect(await ended).toMatchObject(done(rows));
    const sent = await patches(pair.simulator);
    expect(sent.map(stateOf).toSorted()).toEqual([idOf(1), ...rows.map(({ userStateId }) => userStateId)].toSorted());
    const [first, second] = sent.filter((entry) => stateOf(entry) === idOf(1));
    expect(first?.batch).not.toBeNull();
    expect(second).toMatchObject({ batch: null, applied: true });
    expect(second?.clientRequestId).not.toBe(first?.clientRequestId);
    const waited = rule.delayMs ?? 0;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(fault === 'throttled' ? waited : 0);
  });

  test('outcome: an update that Graph accepts and ignores is not sent again', async () => {
    await pair.simulator.fault({ fault: 'ignored', method: 'PATCH', path: idOf(1), times: 'always' });
    const { rows, ended } = update(5);
    const outcomes = await ended;
    expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { data: { reason: 'NOT_APPLIED' } } });
    expect(outcomes.filter((_, index) => index !== 1)).toMatchObject(done(rows.filter((_, index) => index !== 1)));
    expect(await patches(pair.simulator)).toHaveLength(5);
  });

  test('token: after a claims challenge only that item is sent again with another one', async () => {
    const service = await startTestService();
    const { simulator } = service;
    await simulator.fault({ fault: 'claims-challenge', method: 'PATCH', path: idOf(4) });
    const { rows, ended } = update(5, undefined, service);
    expect(await ended).toMatchObject(done(rows));
    expect((await patches(simulator)).map((entry) => [stateOf(entry), entry.status, entry.batch === null])).toEqual([
      ...rows.map(({ userStateId }, index) => [userStateId, index === 4 ? 401 : 200, false]),
      [idOf(4), 200, true],
    ]);
    await service.stop();
  });
});

test('calls with the tokens of different users never share a batch', async () => {
  const delegated = await startDelegated();
  const people = [await delegated.signIn(), await delegated.signIn()];
  const known = await manyStates({ ...delegated.service, client: (people[0] ?? expect.fail('nobody')).client }, 12);
  await delegated.simulator.reset();
  const halves = [rowsOf(known.slice(0, 6), 500), rowsOf(known.slice(6), 600)];
  const calls = people.flatMap(({ agent }, index) => {
    const { scriptUserState } = createBatchClient(delegated.service, () => ({ cookie: agent.cookies().join('; ') }));
    return (halves[index] ?? []).map((row) => scriptUserState.update.mutate(row));
  });
  await Promise.all(calls);
  const sent = (await batches(delegated.simulator)).map((items) => items.map(newValue));
  const wanted = halves.map((rows) => rows.map(({ patch }) => patch.successDeviceCount));
  expect(sent.toSorted(([a = 0], [b = 0]) => a - b)).toEqual(wanted);
  await delegated.stop();
});
