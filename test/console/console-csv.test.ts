import * as fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { allColumns, formatFailures, formatUserStates, patchColumns } from '../../src/console/bulk/csv-format.js';
import { parseUpdates } from '../../src/console/bulk/csv-parse.js';
import type { UserState } from '../../src/console/queries.js';
import { failedRows, patch, script, someStates, states, text } from './rows-fixture.js';

const read = (csv: string, known?: readonly UserState[]) => parseUpdates(csv, script, known);
const parsed = (csv: string) => Papa.parse<string[]>(csv).data;

describe('a file of states', () => {
  test('asks for nothing as it is', () => {
    const property = fc.property(states, (known) => {
      const expected = { rows: [], unchanged: known.length, problems: [] };
      expect(read(formatUserStates(script, known), known)).toEqual(expected);
      expect(read(`\uFEFF${formatUserStates(script, known)}\r\n`, known)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('asks for what was changed in it and nothing else, whatever the spreadsheet makes of it', () => {
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

  test('names each line that is wrong, and that line alone', () => {
    const bad = fc.constantFrom('x', '-1', '1.5', '2147483648', '1e3', '0x10');
    const property = fc.property(someStates, fc.nat(), bad, (known, at, cell) => {
      const wrong = at % known.length;
      // The cell is the last of its line.
      const [before, here, after] = [known.slice(0, wrong), known.slice(0, wrong + 1), known].map((some) =>
        formatUserStates(script, some),
      ) as [string, string, string];
      const { errorDeviceCount } = known[wrong] ?? expect.fail();
      const csv = here.slice(0, -String(errorDeviceCount).length) + cell + after.slice(here.length);
      const line = before.trimEnd().split(/\r\n?|\n/).length + 1;
      const { problems } = read(csv, known);
      expect(problems.map((each) => each.line)).toEqual([line]);
      expect(problems[0]?.message).toMatch(/^errorDeviceCount: wants /);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('holds nothing that a spreadsheet would take for a formula', () => {
    fc.assert(
      fc.property(states, failedRows, (known, rows) => {
        const files = [formatUserStates(script, known), formatFailures(rows)];
        const cells = files.flatMap(parsed).flat();
        // A number below zero is none.
        expect(cells.filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !/^-\d+$/.test(cell))).toEqual([]);
      }),
    );
  });
});

test('a file of failures asks for the same rows again', () => {
  const property = fc.property(failedRows, (rows) => {
    const csv = formatFailures(rows);
    expect(read(csv)).toEqual({ rows: rows.map((each) => each.row), unchanged: 0, problems: [] });
    expect(parsed(csv)[0]).toEqual(allColumns);
  });
  fc.assert(property, { numRuns: 500 });
});

test('any text at all is read, or told of by its lines', () => {
  const cell = fc.oneof(text, fc.constantFrom(...allColumns));
  const line = fc.array(cell, { maxLength: 5 }).map((cells) => cells.join(','));
  const head = fc.constantFrom('userStateId,errorDeviceCount\n', 'userPrincipalName;userStateId\r', '');
  const property = fc.property(head, fc.array(line, { maxLength: 6 }), (first, lines) => {
    const csv = first + lines.join('\n');
    const { rows, problems } = read(csv);
    const all = csv.split(/\r\n?|\n/).length;
    for (const problem of problems) expect(problem.line >= 1 && problem.line <= all).toBe(true);
    for (const { patch: asked } of rows) expect(Object.keys(asked)).not.toEqual([]);
  });
  fc.assert(property, { numRuns: 1000 });
});
