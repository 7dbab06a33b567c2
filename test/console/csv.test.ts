import * as fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { formatFailures } from '../../src/console/bulk/failures-csv.js';
import { parseUpdates } from '../../src/console/bulk/updates-csv.js';
import { csvColumns, patchColumns } from '../../src/console/csv/csv-format.js';
import type { ScriptUserState } from '../../src/console/queries.js';
import { formatUserStates } from '../../src/console/states/states-csv.js';
import { failedRows, patch, script, someStates, states, text } from './bulk-rows-fixture.js';

const read = (csv: string, known?: readonly ScriptUserState[]) => parseUpdates(csv, script, known);
const parsed = (csv: string) => Papa.parse<string[]>(csv).data;

describe('a file of states', () => {
  test('contains no changes if it was not edited', () => {
    const property = fc.property(states, (known) => {
      const expected = { rows: [], unchanged: known.length, problems: [] };
      expect(read(formatUserStates(script, known), known)).toEqual(expected);
      expect(read(`\uFEFF${formatUserStates(script, known)}\r\n`, known)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('contains the edited values and nothing else, however a spreadsheet formats it', () => {
    const changes = fc.array(fc.option(patch), { minLength: 12, maxLength: 12 });
    const forms = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      newline: fc.constantFrom('\r\n', '\n'),
      quotes: fc.boolean(),
    });
    const property = fc.property(states, changes, forms, (known, patches, form) => {
      const edited = known.map((each, index) => ({ ...each, ...patches[index] }));
      const csv = Papa.unparse(parsed(formatUserStates(script, edited)), form);
      const rows = known.flatMap((before, index) => {
        const wanted = patchColumns.filter((column) => {
          const value = patches[index]?.[column];
          return value !== undefined && value !== before[column];
        });
        const changed = Object.fromEntries(wanted.map((column) => [column, patches[index]?.[column]]));
        return wanted.length > 0 ? [{ ...script, userStateId: before.id, patch: changed }] : [];
      });
      expect(read(csv, known)).toEqual({ rows, unchanged: known.length - rows.length, problems: [] });
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('reports exactly the invalid lines', () => {
    const bad = fc.constantFrom('x', '-1', '1.5', '2147483648', '1e3', '0x10');
    const property = fc.property(someStates, fc.nat(), bad, (known, at, cell) => {
      const wrong = at % known.length;
      // It is the last cell of its line.
      const [before, here, after] = [known.slice(0, wrong), known.slice(0, wrong + 1), known].map((some) =>
        formatUserStates(script, some),
      ) as [string, string, string];
      const { errorDeviceCount } = known[wrong] ?? expect.fail();
      const csv = here.slice(0, -String(errorDeviceCount).length) + cell + after.slice(here.length);
      const line = before.trimEnd().split(/\r\n?|\n/).length + 1;
      const { problems } = read(csv, known);
      expect(problems.map((each) => each.line)).toEqual([line]);
      expect(problems[0]?.message).toMatch(/^errorDeviceCount: must be /);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('contains nothing that a spreadsheet would evaluate as a formula', () => {
    fc.assert(
      fc.property(states, failedRows, (known, rows) => {
        const files = [formatUserStates(script, known), formatFailures(rows)];
        const cells = files.flatMap(parsed).flat();
        // A negative number is not a formula.
        expect(cells.filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !/^-\d+$/.test(cell))).toEqual([]);
      }),
    );
  });
});

test('a file of failures contains the same rows again', () => {
  const property = fc.property(failedRows, (rows) => {
    const csv = formatFailures(rows);
    expect(read(csv)).toEqual({ rows: rows.map((each) => each.row), unchanged: 0, problems: [] });
    expect(parsed(csv)[0]).toEqual(csvColumns);
  });
  fc.assert(property, { numRuns: 500 });
});

test('any text is either parsed or reported by line', () => {
  const cell = fc.oneof(text, fc.constantFrom(...csvColumns));
  const line = fc.array(cell, { maxLength: 5 }).map((cells) => cells.join(','));
  const head = fc.constantFrom('userStateId,errorDeviceCount\n', 'userPrincipalName;userStateId\r', '');
  const property = fc.property(head, fc.array(line, { maxLength: 6 }), (first, lines) => {
    const csv = first + lines.join('\n');
    const { rows, problems } = read(csv);
    const all = csv.split(/\r\n?|\n/).length;
    for (const problem of problems) expect(problem.line >= 1 && problem.line <= all).toBe(true);
    for (const { patch: parsedPatch } of rows) expect(Object.keys(parsedPatch)).not.toEqual([]);
  });
  fc.assert(property, { numRuns: 1000 });
});
