import { describe, expect, test } from 'vitest';
import type { Row, UpdateManyCall } from '../support/bulk.js';
import { startBulkPair } from '../support/bulk-pair.js';
import type { JournalEntry } from '../support/controls.js';
import { newValue, patches, stateOf } from '../support/journal.js';

const indexOf = (entries: readonly JournalEntry[], row: Row | undefined) =>
  entries.findIndex((entry) => stateOf(entry) === row?.userStateId && newValue(entry) === row.patch.successDeviceCount);
const isAnyOf = (rows: readonly Row[]) => (entry: JournalEntry) => rows.some((row) => indexOf([entry], row) === 0);
const resultCount = ({ results }: UpdateManyCall) => results().length;

describe.concurrent('while a bulk update waits for quota', () => {
  test('single updates take priority, and one slot is reserved for them', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 20, rows: 63 });
    const bulk = updateMany(rows.slice(0, 60));
    await t.expect.poll(() => resultCount(bulk)).toBe(19);
    expect(await update(rows[60])).toMatchObject(rows[60]?.patch ?? {});
    // Now no slot is free: these wait like the bulk update, but are sent before its remaining rows.
    await Promise.all([update(rows[61]), update(rows[62])]);
    const journal = await patches(simulator);
    expect(journal.map(({ status }) => status)).not.toContain(429);
    expect(indexOf(journal, rows[60])).toBe(19);
    for (const row of rows.slice(61)) {
      expect(indexOf(journal, row)).toBeGreaterThanOrEqual(20);
      expect(indexOf(journal, row)).toBeLessThan(40);
    }
  });

  test.for([
    [50, 'waits for a slot'],
    [390, 'has not been started'],
  ] as const)(
    'a single update of a state whose row (%i) %s follows that row and precedes the others',
    async ([index], t) => {
      const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 40, rows: 400 });
      const bulk = updateMany(rows);
      // Bulk updates use 24 slots at once, and the others at intervals.
      await t.expect.poll(() => resultCount(bulk)).toBeGreaterThanOrEqual(24);
      const row = rows[index] ?? expect.fail('no such row');
      const after = { ...row, patch: { successDeviceCount: 77 } };
      expect(await update(after)).toMatchObject(after.patch);
      const journal = await patches(simulator);
      expect(journal.length).toBeLessThanOrEqual(40);
      expect(indexOf(journal, row)).toBeGreaterThanOrEqual(24);
      expect(indexOf(journal, after)).toBeGreaterThan(indexOf(journal, row));
      await t.expect.poll(() => bulk.results()).toContainEqual(expect.objectContaining({ index, ok: true }));
    },
  );

  test('slots become free again and again, and single updates of the same user take the next one', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 200, rows: 410 });
    const bulk = updateMany(rows.slice(0, 400));
    await t.expect.poll(() => resultCount(bulk)).toBeGreaterThanOrEqual(120);
    for (const row of rows.slice(400)) {
      const before = resultCount(bulk);
      await update(row);
      await t.expect.poll(() => resultCount(bulk)).toBeGreaterThan(before);
    }
    const journal = await patches(simulator);
    expect(journal.map(({ status }) => status)).not.toContain(429);
    // They are sent before the slots of the first 120 rows are free again.
    expect(journal.length).toBeLessThanOrEqual(200);
    const order = rows.slice(400).map((row) => indexOf(journal, row));
    expect(order[0]).toBeGreaterThanOrEqual(120);
    for (const [index, position] of order.slice(1).entries()) {
      expect(position - (order[index] ?? Number.NaN)).toBeGreaterThan(1);
    }
  });

  test('another bulk update gets an equal share', async (t) => {
    const { rows, simulator, updateMany } = await startBulkPair(t, { writesPer20s: 20, rows: 100 });
    const first = updateMany(rows.slice(0, 50));
    await t.expect.poll(() => resultCount(first)).toBe(19);
    updateMany(rows.slice(50));
    await t.expect.poll(() => patches(simulator).then(({ length }) => length)).toBeGreaterThanOrEqual(38);
    const secondWindow = (await patches(simulator)).slice(19, 38);
    expect(secondWindow.filter(isAnyOf(rows.slice(0, 50))).length).toBeGreaterThanOrEqual(9);
    expect(secondWindow.filter(isAnyOf(rows.slice(50))).length).toBeGreaterThanOrEqual(9);
  });

  test('a single update follows the rows of several bulk updates that arrived before it', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 60, rows: 100 });
    const first = updateMany(rows);
    await t.expect.poll(() => resultCount(first)).toBeGreaterThanOrEqual(36);
    const row = rows[90] ?? expect.fail('no such row');
    const [second, third] = [2000, 3000].map((successDeviceCount) => ({ ...row, patch: { successDeviceCount } }));
    const bulk = updateMany(second === undefined ? [] : [second]);
    await t.expect.poll(() => bulk.events).not.toEqual([]);
    expect(await update(third)).toMatchObject(third?.patch ?? {});
    const journal = await patches(simulator);
    expect(journal.length).toBeLessThanOrEqual(60);
    const order = [row, second, third].map((each) => indexOf(journal, each));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThanOrEqual(36);
    expect(await bulk.finished).toMatchObject([{ index: 0, ok: true }]);
    await t.expect.poll(() => first.results()).toContainEqual(expect.objectContaining({ index: 90, ok: true }));
  });
});

describe.concurrent('while quota is available', () => {
  test('a 429 pauses the bulk update for the Retry-After of Graph, and no other calls', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 10_000, rows: 21 });
    const [states, [single]] = [rows.slice(0, 20), rows.slice(20)];
    // The second update of each state can be sent only after the response to the first one.
    const again = states.map((row) => ({ ...row, patch: { successDeviceCount: 5000 } }));
    const pauseMs = 10_000;
    await simulator.fault({
      fault: 'throttled',
      method: 'PATCH',
      path: states[0]?.userStateId ?? '',
      delayMs: pauseMs,
    });
    const bulk = updateMany([...states, ...again]);
    await t.expect.poll(() => resultCount(bulk)).toBe(19);
    await update(single);
    expect((await bulk.finished).filter(({ ok }) => ok)).toHaveLength(40);
    const journal = await simulator.journal();
    const refused = journal.find(({ status }) => status === 429);
    const refusedAtMs = journal.find(({ n }) => n === refused?.batch)?.answeredAtMs ?? Number.NaN;
    const [first, ...rest] = journal.filter(({ method, batch }) => method === 'PATCH' && batch !== refused?.batch);
    expect(indexOf(first === undefined ? [] : [first], single)).toBe(0);
    expect(rest).toHaveLength(21);
    for (const { atMs } of rest) expect(atMs - refusedAtMs).toBeGreaterThanOrEqual(pauseMs);
  });

  test('two bulk updates keep the order of the writes on each state', async (t) => {
    const { rows, simulator, updateMany } = await startBulkPair(t, { writesPer20s: 10_000, rows: 100 });
    const again = rows.map((row) => ({ ...row, patch: { successDeviceCount: 5000 } })).toReversed();
    const first = updateMany(rows);
    await t.expect.poll(() => first.events).not.toEqual([]);
    const second = updateMany(again);
    await Promise.all([first.finished, second.finished]);
    const journal = await patches(simulator);
    expect(journal).toHaveLength(200);
    for (const row of rows) {
      const written = journal.filter((entry) => stateOf(entry) === row.userStateId).map(newValue);
      expect(written).toEqual([row.patch.successDeviceCount, 5000]);
    }
  });
});
