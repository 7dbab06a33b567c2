import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Row, readMany, rowsOf, startMany } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { newValue, patches, stateOf } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type KnownState, manyStates } from '../support/states.js';

const path = 'scriptUserState.updateMany';

const pair = usePair(
  { GRAPH_WRITES_PER_20S: '100000', GRAPH_DEADLINE_MS: '10000' },
  { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 },
);
let states: readonly KnownState[];
let counter = 1000;

beforeAll(async () => {
  states = await manyStates(pair.service, 1000, ['deviceShellScript']);
});
beforeEach(() => pair.simulator.settings({ approval: false }));

/** Rows for `count` states, with values that no state has yet. */
function rows(count: number): Row[] {
  counter += 1000;
  return [...rowsOf(states.slice(0, count), counter)];
}

const many = (updates: readonly Row[], more: object = {}) =>
  startMany(pair.service, { updates: [...updates], ...more });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const byIndex = <T extends { readonly index: number }>(results: readonly T[]) =>
  results.toSorted((one, other) => one.index - other.index);

describe('the stream', () => {
  test('yields each result once, with its index, and the progress from 0 to the total', async () => {
    const updates = rows(100);
    const running = many(updates);
    const results = byIndex(await running.finished);
    expect(results).toMatchObject(updates.map(({ patch }, index) => ({ index, ok: true, userState: patch })));
    expect(results.map(({ index }) => index)).toEqual(numbers(100));
    const progress = running.progress();
    expect(running.events[0]).toEqual({ type: 'progress', done: 0, total: 100 });
    expect(running.events.at(-1)).toEqual({ type: 'progress', done: 100, total: 100 });
    expect(progress.map(({ total }) => total)).toEqual(progress.map(() => 100));
    const done = progress.map((each) => each.done);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
    // The results precede the progress that counts them.
    for (const [at, each] of running.events.entries()) {
      const yielded = running.events.slice(0, at).filter((earlier) => earlier.type === 'result');
      expect(yielded.length).toBeGreaterThanOrEqual(each.type === 'progress' ? each.done : 0);
    }
  });

  test('yields the result of a single row', async () => {
    const updates = rows(1);
    const running = many(updates);
    await running.finished;
    expect(running.events).toEqual([
      { type: 'progress', done: 0, total: 1 },
      { type: 'result', index: 0, ok: true, userState: { ...states[0]?.state, ...updates[0]?.patch } },
      { type: 'progress', done: 1, total: 1 },
    ]);
  });

  test('yields the results of 5,000 rows, the maximum', async () => {
    const updates = numbers(5000).map((index): Row => {
      const { target } = states[index % states.length] ?? expect.fail('no states');
      return { ...target, patch: { errorDeviceCount: Math.floor(index / states.length) } };
    });
    const running = many(updates);
    const results = byIndex(await running.finished);
    expect(results.map(({ index }) => index)).toEqual(numbers(5000));
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(running.events.at(-1)).toEqual({ type: 'progress', done: 5000, total: 5000 });
    expect(await patches(pair.simulator)).toHaveLength(5000);
    const last = await pair.service.client.scriptUserState.get.query(states[0]?.target ?? expect.fail('no states'));
    expect(last).toHaveProperty('errorDeviceCount', 4);
  });

  test('yields each result as soon as it is known', async () => {
    const updates = rows(45);
    await pair.simulator.fault({ fault: 'stall', method: 'PATCH', path: updates[3]?.userStateId ?? '' });
    const running = many(updates);
    const results = await running.finished;
    expect(results.filter(({ ok }) => ok)).toHaveLength(45);
    // Graph does not respond to the first batch until half of the deadline has elapsed.
    const first = byIndex(results.slice(0, 25)).map(({ index }) => index);
    expect(first).toEqual(numbers(45).slice(20));
    const [next] = results.slice(25);
    expect(next && running.events.slice(0, running.events.indexOf(next))).toContainEqual({
      type: 'progress',
      done: 25,
      total: 45,
    });
  });
});

describe('rows that fail', () => {
  test('yield an error in the shape of tRPC, and do not stop the others', async () => {
    const updates = rows(30);
    const ids = [2, 11, 29].map((index) => updates[index]?.userStateId ?? '');
    await pair.simulator.fault(
      { fault: 'rejected', method: 'PATCH', path: ids[0] ?? '' },
      { fault: 'conflict', method: 'PATCH', path: ids[1] ?? '' },
    );
    updates[29] = { ...(updates[29] ?? expect.fail('no such row')), userStateId: 'nobody' };
    const client = createStreamClient(pair.service, { 'x-request-id': 'rows-that-fail' });
    const results = byIndex(await readMany(client, { updates }).finished);
    const error = (reason: string, code: string, httpStatus: number) => ({
      message: expect.any(String) as unknown,
      code: expect.any(Number) as unknown,
      data: { code, httpStatus, reason, requestId: 'rows-that-fail', path, graph: expect.any(Object) as unknown },
    });
    expect(results.filter(({ ok }) => !ok)).toEqual([
      { type: 'result', index: 2, ok: false, error: error('GRAPH_REJECTED', 'UNPROCESSABLE_CONTENT', 422) },
      { type: 'result', index: 11, ok: false, error: error('CONFLICT', 'CONFLICT', 409) },
      { type: 'result', index: 29, ok: false, error: error('GRAPH_NOT_FOUND', 'NOT_FOUND', 404) },
    ]);
    expect(results.map(({ index }) => index)).toEqual(numbers(30));
  });

  test('and those that succeed log one audit line each, with the id of the request', async () => {
    const updates = rows(25);
    await pair.simulator.fault({ fault: 'rejected', method: 'PATCH', path: updates[7]?.userStateId ?? '' });
    await readMany(createStreamClient(pair.service, { 'x-request-id': 'audited-rows' }), { updates }).finished;
    const lines = pair.service.outcomes({ requestId: 'audited-rows' });
    const about = { action: 'update', oid: 'local-operator', fields: ['successDeviceCount'] };
    expect(lines).toHaveLength(25);
    expect(lines).toMatchObject(lines.map(() => about));
    expect(new Set(lines.map(({ userStateId }) => userStateId))).toEqual(
      new Set(updates.map((row) => row.userStateId)),
    );
    expect(lines.filter(({ outcome }) => outcome !== 'applied')).toMatchObject([
      { userStateId: updates[7]?.userStateId, outcome: 'rejected', reason: 'GRAPH_REJECTED' },
    ]);
  });
});

describe('rows of one state', () => {
  test('in one call are applied in their order', async () => {
    const [row] = rows(1);
    const { patch: _, ...target } = row ?? expect.fail('no state');
    const updates = numbers(45).map((index): Row => ({ ...target, patch: { successDeviceCount: 7000 + index } }));
    expect((await many(updates).finished).map(({ index }) => index)).toEqual(numbers(45));
    expect((await patches(pair.simulator)).map(newValue)).toEqual(numbers(45).map((index) => 7000 + index));
    expect(await pair.service.client.scriptUserState.get.query(target)).toHaveProperty('successDeviceCount', 7044);
  });

  test('are recognized by its id in upper and lower case', async () => {
    const [row] = rows(1);
    const small = row ?? expect.fail('no state');
    const large = { ...small, userStateId: small.userStateId.toUpperCase(), patch: { successDeviceCount: 7100 } };
    await many([small, large, { ...small, patch: { successDeviceCount: 7101 } }]).finished;
    const sent = (await patches(pair.simulator)).map((entry) => [newValue(entry), entry.batch]);
    expect(sent).toEqual([small.patch.successDeviceCount, 7100, 7101].map((value) => [value, null]));
  });

  test('precede a later call of the same batch', async () => {
    const updates = rows(5);
    const [, , third] = updates;
    const after = { ...(third ?? expect.fail('no such row')), patch: { successDeviceCount: 8000 } };
    const client = createStreamClient(pair.service);
    const running = readMany(client, { updates });
    expect(await client.scriptUserState.update.mutate(after)).toMatchObject(after.patch);
    expect((await running.finished).filter(({ ok }) => ok)).toHaveLength(5);
    const sent = (await patches(pair.simulator)).filter((entry) => stateOf(entry) === third?.userStateId).map(newValue);
    expect(sent).toEqual([third?.patch.successDeviceCount, 8000]);
    await expect.poll(() => pair.service.lines({ route: `/trpc/${path},scriptUserState.update` })).toHaveLength(1);
  });
});

describe('multi admin approval', () => {
  test('applies to each row', async () => {
    await pair.simulator.settings({ approval: true });
    const updates = rows(25);
    const reasons = async (more: object) =>
      (await many(updates, more).finished).map((result) => (result.ok ? 'done' : result.error.data.reason));
    expect(await reasons({})).toEqual(Array(25).fill('APPROVAL_JUSTIFICATION_REQUIRED'));
    const queued = byIndex(await many(updates, { approval: { justification: 'a ticket' } }).finished);
    const codes = queued.map((result) => (result.ok ? '' : (result.error.data.approvalCode ?? '')));
    expect(queued).toMatchObject(updates.map(() => ({ error: { data: { reason: 'APPROVAL_PENDING' } } })));
    expect(new Set(codes).size).toBe(25);
    const [code = '', other = ''] = codes;
    await pair.simulator.approve(code);
    const [first, second, third] = updates.map((row, index) => ({
      ...row,
      ...(index < 2 && { approval: { code: index === 0 ? code : other } }),
    }));
    await pair.simulator.reset();
    // The code of a row takes precedence over the justification of the call.
    const mixed = [first, second, third].filter((row) => row !== undefined);
    const results = byIndex(await many(mixed, { approval: { justification: 'a ticket' } }).finished);
    expect(results).toMatchObject([
      { ok: true, userState: updates[0]?.patch },
      { ok: false, error: { data: { reason: 'APPROVAL_PENDING', approvalCode: other } } },
      { ok: false, error: { data: { reason: 'APPROVAL_PENDING' } } },
    ]);
    const sent = await patches(pair.simulator);
    expect(sent.map(({ approval }) => approval)).toEqual([
      { justification: null, code },
      { justification: null, code: other },
      { justification: Buffer.from('a ticket').toString('base64'), code: null },
    ]);
  });
});

test('the error of one call of a batch does not end the stream of another', async () => {
  const updates = rows(5);
  const client = createStreamClient(pair.service);
  const running = readMany(client, { updates });
  const target = { ...(states[0]?.target ?? expect.fail('no states')), userStateId: 'nobody' };
  const patch = { successDeviceCount: 1 };
  expect(await failure(client.scriptUserState.update.mutate({ ...target, patch }))).toMatchObject({
    reason: 'GRAPH_NOT_FOUND',
  });
  expect((await running.finished).filter(({ ok }) => ok)).toHaveLength(5);
});
