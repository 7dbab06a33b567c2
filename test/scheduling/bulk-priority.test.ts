import { describe, expect, test } from 'vitest';
import type { Row, UpdateManyCall } from '../support/bulk.js';
import { startBulkPair } from '../support/bulk-pair.js';
import type { JournalEntry } from '../support/controls.js';
import { newValue, patches, stateOf } from '../support/journal.js';

const indexOf = (entries: readonly JournalEntry[], row: Row | undefined) =>
  entries.findIndex((entry) => stateOf(entry) === row?.userStateId && newValue(entry) === row.patch.successDeviceCount);
const isAnyOf = (rows: readonly Row[]) => (entry: JournalEntry) => rows.some((row) => indexOf([entry], row) === 0);
const resultCount = ({ results }: UpdateManyCall) => results().length;

// The bulk updates are so long that the other calls end first on any machine: the tests assert the order of the
// requests.
describe.concurrent('while a bulk update waits for quota', () => {
  test('single updates are sent before its remaining rows', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 20, rows: 203 });
    const bulk = updateMany(rows.slice(0, 200));
    await t.expect.poll(() => resultCount(bulk)).toBeGreaterThanOrEqual(19);
    expect(await update(rows[200])).toMatchObject(rows[200]?.patch ?? {});
    await Promise.all([update(rows[201]), update(rows[202])]);
    const journal = await patches(simulator);
    expect(journal.map(({ status }) => status)).not.toContain(429);
    expect(journal.length).toBeLessThan(200);
    for (const row of rows.slice(200)) expect(indexOf(journal, row)).toBeGreaterThanOrEqual(19);
  });

  test.for([
    [300, 'waits for a slot'],
    [1200, 'has not been started'],
  ] as const)(
    'a single update of a state whose row (%i) %s follows that row and precedes the others',
    async ([index], t) => {
      const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 40, rows: 1300 });
      const bulk = updateMany(rows);
      // Bulk updates use 24 slots at once, and the others at intervals.
      await t.expect.poll(() => resultCount(bulk)).toBeGreaterThanOrEqual(24);
      const row = rows[index] ?? expect.fail('no such row');
      const after = { ...row, patch: { successDeviceCount: 77 } };
      expect(await update(after)).toMatchObject(after.patch);
      const journal = await patches(simulator);
      expect(journal.length).toBeLessThan(index);
      expect(indexOf(journal, row)).toBeGreaterThanOrEqual(24);
      expect(indexOf(journal, after)).toBeGreaterThan(indexOf(journal, row));
      await t.expect.poll(() => bulk.results()).toContainEqual(expect.objectContaining({ index, ok: true }));
    },
  );

  test('single updates of the same user and rows of the bulk update alternate', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 200, rows: 1510 });
    const bulk = updateMany(rows.slice(0, 1500));
    await t.expect.poll(() => resultCount(bulk)).toBeGreaterThanOrEqual(120);
    for (const row of rows.slice(1500)) {
      await update(row);
      // Slots become free again and again: another row is sent after each of them.
      await t.expect
        .poll(async () => {
          const journal = await patches(simulator);
          return journal.length - indexOf(journal, row);
        })
        .toBeGreaterThan(1);
    }
    const journal = await patches(simulator);
    expect(journal.map(({ status }) => status)).not.toContain(429);
    expect(journal.length).toBeLessThan(1500);
  });

  test('another bulk update gets an equal share', async (t) => {
    const { rows, simulator, updateMany } = await startBulkPair(t, { writesPer20s: 20, rows: 220 });
    const [firstRows, secondRows] = [rows.slice(0, 200), rows.slice(200)];
    const first = updateMany(firstRows);
    await t.expect.poll(() => resultCount(first)).toBeGreaterThanOrEqual(19);
    const second = updateMany(secondRows);
    await t.expect.poll(() => second.events).not.toEqual([]);
    const sentBefore = (await patches(simulator)).length;
    const sent = async (of: readonly Row[]) => (await patches(simulator)).slice(sentBefore).filter(isAnyOf(of)).length;
    // Two windows of 19 slots, each divided in half. The rows of one bulk update are sent together.
    await t.expect.poll(() => sent(secondRows)).toBeGreaterThanOrEqual(18);
    expect(await sent(firstRows)).toBeGreaterThanOrEqual(9);
    expect(await sent(firstRows)).toBeLessThanOrEqual(30);
  });

  test('a single update follows the rows of several bulk updates that arrived before it', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 60, rows: 400 });
    const first = updateMany(rows);
    await t.expect.poll(() => resultCount(first)).toBeGreaterThanOrEqual(36);
    const row = rows[390] ?? expect.fail('no such row');
    const [second, third] = [2000, 3000].map((successDeviceCount) => ({ ...row, patch: { successDeviceCount } }));
    const bulk = updateMany(second === undefined ? [] : [second]);
    await t.expect.poll(() => bulk.events).not.toEqual([]);
    expect(await update(third)).toMatchObject(third?.patch ?? {});
    const journal = await patches(simulator);
    expect(journal.length).toBeLessThan(390);
    const order = [row, second, third].map((each) => indexOf(journal, each));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThanOrEqual(36);
    expect(await bulk.finished).toMatchObject([{ index: 0, ok: true }]);
    await t.expect.poll(() => first.results()).toContainEqual(expect.objectContaining({ index: 390, ok: true }));
  });
});

describe.concurrent('while quota is available', () => {
  test('a 429 pauses the bulk update for the Retry-After of Graph, and no other calls', async (t) => {
    const { rows, simulator, update, updateMany } = await startBulkPair(t, { writesPer20s: 10_000, rows: 21 });
    const [states, [single]] = [rows.slice(0, 20), rows.slice(20)];
    // The second update of each state can be sent only after the response to the first one.
    const again = states.map((row) => ({ ...row, patch: { successDeviceCount: 5000 } }));
    const pauseMs = 25_000;
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
