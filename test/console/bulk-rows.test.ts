import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BulkRow } from '../../src/console/bulk/bulk-row.js';
import { splitRows } from '../../src/console/bulk/row-chunks.js';
import { type RowFailure, rowToResend, summaryText } from '../../src/console/bulk/row-failure.js';
import { sendRows } from '../../src/console/bulk/row-sender.js';
import { timeLeft } from '../../src/console/bulk/time-left.js';
import { failure, row, script } from './bulk-rows-fixture.js';

type Call = Parameters<typeof sendRows>[0]['call'];

test('rows are split, in order, into the minimum number of calls that the service accepts', () => {
  const sizes = fc.array(
    fc.record({ name: fc.constantFrom('a', 'é', '"', '漢'), length: fc.integer({ min: 1, max: 1024 }) }),
    { minLength: 1, maxLength: 5 },
  );
  const property = fc.property(sizes, fc.integer({ min: 0, max: 12_000 }), (kinds, length) => {
    const rows = Array.from({ length }, (_, index): BulkRow => {
      const kind = kinds[index % kinds.length] ?? expect.fail();
      return { ...script, userStateId: String(index), patch: { userPrincipalName: kind.name.repeat(kind.length) } };
    });
    const chunks = splitRows(rows);
    expect(chunks.flat()).toEqual(rows);
    const bytes = (updates: readonly BulkRow[]) => Buffer.byteLength(JSON.stringify({ 0: { updates } }));
    for (const [index, chunk] of chunks.entries()) {
      expect(chunk.length > 0 && chunk.length <= 5000 && bytes(chunk) <= 4 * 1024 * 1024 - 8 * 1024).toBe(true);
      const more = [...chunk, ...(chunks[index + 1] ?? []).slice(0, 1)];
      expect(more.length === chunk.length || more.length > 5000 || bytes(more) > 4_000_000).toBe(true);
    }
  });
  fc.assert(property, { numRuns: 30 });
});

test('every row is reported once, and as updated only if the service reports it as updated', async () => {
  const answers = fc.array(fc.constantFrom('ok', 'refused', 'twice', 'none'), { minLength: 1, maxLength: 30 });
  const endings = fc.record({ throws: fc.boolean(), cancelAfter: fc.option(fc.nat(30)), refuses: fc.boolean() });
  const property = fc.asyncProperty(answers, endings, async (kinds, { throws, cancelAfter, refuses }) => {
    const rows = kinds.map(
      (_, index): BulkRow => ({ ...script, userStateId: String(index), patch: { errorDeviceCount: 1 } }),
    );
    const stop = new AbortController();
    if (cancelAfter === 0) stop.abort();
    async function* answer() {
      const said = kinds.flatMap((kind, index) => (kind === 'none' ? [] : kind === 'twice' ? [index, index] : [index]));
      for (const [nth, index] of said.entries()) {
        if (nth + 1 === cancelAfter) stop.abort();
        const error = { message: 'no', data: { reason: 'GRAPH_REJECTED', requestId: 'r' } };
        yield { type: 'result', ...(kinds[index] === 'refused' ? { index, ok: false, error } : { index, ok: true }) };
      }
      if (throws) throw new Error('broken');
    }
    const reported = new Map<number, RowFailure | undefined>();
    const ending = await sendRows({
      rows,
      approval: undefined,
      signal: stop.signal,
      call: (() => (refuses ? Promise.reject(new Error('refused')) : Promise.resolve(answer()))) as unknown as Call,
      onRow(index, failed) {
        expect(reported.has(index)).toBe(false);
        reported.set(index, failed);
      },
    });
    const wasSent = cancelAfter !== 0 && !refuses;
    const expected = kinds.map((kind) => {
      if (cancelAfter === 0) return 'NOT_SENT';
      if (!wasSent || kind === 'none') return 'OUTCOME_UNKNOWN';
      return kind === 'refused' ? 'GRAPH_REJECTED' : undefined;
    });
    expect(kinds.map((_, index) => reported.get(index)?.reason)).toEqual(expected);
    expect(ending.state === 'completed').toBe(wasSent && !throws && !kinds.includes('none'));
  });
  await fc.assert(property, { numRuns: 500 });
});

test.each([true, false])(
  'calls are sequential, and an interrupted one ends the update: interrupted %s',
  async (isBroken) => {
    const rows = Array.from(
      { length: 5001 },
      (_, index): BulkRow => ({ ...script, userStateId: `${index}`, patch: { errorDeviceCount: 1 } }),
    );
    const events: string[] = [];
    const reported: (RowFailure | undefined)[] = [];
    async function* answer({ updates }: { readonly updates: readonly BulkRow[] }) {
      events.push(`starts at ${updates[0]?.userStateId}`);
      for (const index of updates.keys()) yield { type: 'result', index, ok: true };
      if (isBroken) throw new Error('broken');
      events.push(`ends after ${updates.length}`);
    }
    const { state } = await sendRows({
      rows,
      approval: undefined,
      signal: new AbortController().signal,
      call: ((input: { readonly updates: readonly BulkRow[] }) => Promise.resolve(answer(input))) as unknown as Call,
      onRow: (index, failed) => {
        reported[index] = failed;
      },
    });
    const all = ['starts at 0', 'ends after 5000', 'starts at 5000', 'ends after 1'];
    expect(events).toEqual(isBroken ? all.slice(0, 1) : all);
    expect(state).toBe(isBroken ? 'interrupted' : 'completed');
    expect([reported[4999]?.reason, reported[5000]?.reason]).toEqual([undefined, isBroken ? 'NOT_SENT' : undefined]);
  },
);

test('the counts of a report add up to all rows', () => {
  const property = fc.property(fc.nat(20_000), fc.array(fc.record({ row, failure })), (changed, failures) => {
    const words = summaryText(changed, failures);
    const numbers = [...words.matchAll(/\d[\d,]*/g)].map(([number]) => Number(number.replaceAll(',', '')));
    expect(numbers[0]).toBe(changed);
    expect(numbers.reduce((sum, number) => sum + number, 0)).toBe(changed + failures.length);
    const unknown = failures.filter(({ failure: { reason } }) => ['OUTCOME_UNKNOWN', 'INTERNAL'].includes(reason));
    expect(words.includes(`, ${unknown.length} with an unknown outcome`)).toBe(unknown.length > 0);
  });
  fc.assert(property);
});

test('a row is sent again for the values that the report shows', () => {
  const update: BulkRow = { ...script, userStateId: 'a', patch: { errorDeviceCount: 5 } };
  const conditional: BulkRow = { ...update, expected: { errorDeviceCount: 2 } };
  const current = { id: 'a', successDeviceCount: 7, errorDeviceCount: 3, userPrincipalName: null };
  const resent = (each: BulkRow, failed: Partial<RowFailure>) =>
    rowToResend({ row: each, failure: { reason: 'CONFLICT', title: '', next: '', ...failed } });
  expect(resent(conditional, { current })).toEqual({ ...update, expected: { errorDeviceCount: 3 } });
  expect(resent(conditional, { reason: 'THROTTLED' })).toEqual(conditional);
  // The row itself may have changed the value.
  expect(resent(conditional, { reason: 'OUTCOME_UNKNOWN' })).toEqual(update);
  expect(resent(update, { current })).toEqual(update);
});

test('the remaining time is rounded correctly', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 5000 }),
    fc.nat(50_000),
    fc.nat(1e7),
    (done, left, elapsed) => {
      const elapsedMs = 5000 + elapsed;
      const words = timeLeft(done, done + left, elapsedMs) ?? 'none';
      const exact = (left * (elapsedMs + 10_000)) / done / 60_000;
      const reported = Number(/\d+/.exec(words)?.[0] ?? 1);
      if (left === 0) expect(words).toBe('none');
      else if (words === 'less than a minute left') expect(exact).toBeLessThan(1);
      else if (/^about (a minute|\d+ minutes) left$/.test(words))
        expect(Math.abs(reported - exact)).toBeLessThanOrEqual(0.5);
      else {
        expect(words).toMatch(/^about \d+ hours left$/);
        expect(Math.abs(reported - exact / 60)).toBeLessThanOrEqual(0.51);
      }
      expect(timeLeft(done, done + left, 4999)).toBeUndefined();
      expect(timeLeft(0, left, elapsedMs)).toBeUndefined();
    },
  );
  fc.assert(property, { numRuns: 1000 });
});
