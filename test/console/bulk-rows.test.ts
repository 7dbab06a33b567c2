import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jobFields } from '../../src/api/inputs/update-job.js';
import type { BulkRow } from '../../src/console/bulk/bulk-row.js';
import { splitRows } from '../../src/console/bulk/row-chunks.js';
import type { Job, JobRow } from '../../src/console/jobs/job-queries.js';
import { cleanTitle, countsText, outcomeOrder } from '../../src/console/jobs/job-state.js';
import { groupFailures } from '../../src/console/jobs/row-text.js';
import { updateAgain } from '../../src/console/jobs/row-update.js';
import { timeLeft } from '../../src/console/jobs/time-left.js';
import { jobRows, script } from './bulk-rows-fixture.js';

test('rows are split, in order, into the minimum number of jobs that the service accepts', () => {
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

test('the counts in a text add up to all rows', () => {
  const counts = fc.record(Object.fromEntries(outcomeOrder.map((outcome) => [outcome, fc.nat(20_000)])));
  const property = fc.property(counts, (each) => {
    const words = countsText({ counts: each as Job['counts'] });
    const numbers = [...words.matchAll(/\d[\d,]*/g)].map(([number]) => Number(number.replaceAll(',', '')));
    const total = Object.values(each).reduce((sum, count) => sum + count, 0);
    expect(numbers[0]).toBe(each['applied']);
    expect(numbers.reduce((sum, number) => sum + number, 0)).toBe(total);
    expect(words.includes(' with an unknown outcome')).toBe((each['unknown'] ?? 0) > 0);
  });
  fc.assert(property);
});

test('any name can be part of the title of a job', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
    const title = cleanTitle(`Update of ${name}`);
    expect(jobFields.title.safeParse(title).success).toBe(true);
  });
  fc.assert(property, { numRuns: 1000 });
});

test('failed rows are grouped by their reason, and each is in one group', () => {
  const property = fc.property(jobRows, (rows) => {
    const groups = groupFailures(rows);
    expect(groups.reduce((sum, group) => sum + group.rows, 0)).toBe(rows.filter(({ error }) => error).length);
    expect(new Set(groups.map(({ failure: { title, next } }) => `${title} ${next}`)).size).toBe(groups.length);
  });
  fc.assert(property);
});

test('a row is sent again for the values that the report shows', () => {
  const update: BulkRow = { ...script, userStateId: 'a', patch: { errorDeviceCount: 5 } };
  const conditional: BulkRow = { ...update, expected: { errorDeviceCount: 2 } };
  const current = { id: 'a', successDeviceCount: 7, errorDeviceCount: 3, userPrincipalName: null };
  const resent = (each: BulkRow, data: object) =>
    updateAgain({ ...each, index: 0, outcome: 'rejected', error: { data } } as unknown as JobRow);
  expect(resent(conditional, { reason: 'CONFLICT', current })).toEqual([
    { ...update, expected: { errorDeviceCount: 3 } },
  ]);
  expect(resent(conditional, { reason: 'THROTTLED' })).toEqual([conditional]);
  // The row itself may have changed the value.
  expect(resent(conditional, { reason: 'OUTCOME_UNKNOWN' })).toEqual([update]);
  expect(resent(update, { reason: 'CONFLICT', current })).toEqual([update]);
  // Only an undo removes a name.
  expect(
    updateAgain({ ...script, userStateId: 'a', index: 0, outcome: 'rejected', patch: { userPrincipalName: null } }),
  ).toEqual([]);
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
