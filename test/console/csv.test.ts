import * as fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { formatFailures } from '../../src/console/bulk/failures-csv.js';
import { parseUpdates } from '../../src/console/bulk/updates-csv.js';
import { csvColumns, patchColumns } from '../../src/console/csv/csv-format.js';
import { validateDraft } from '../../src/console/edit/draft.js';
import type { ScriptUserState } from '../../src/console/queries.js';
import { formatUserStates } from '../../src/console/states/states-csv.js';
import { parseCount } from '../../src/console/validation.js';
import { failedRows, patch, script, someStates, states, text } from './bulk-rows-fixture.js';

const read = (csv: string, known?: readonly ScriptUserState[]) => parseUpdates(csv, script, known);
const parsed = (csv: string) => Papa.parse<string[]>(csv).data;

/** Texts that are not digits only: most could be another number than the one they seem to be. */
const formattedCounts = `1.000 1,000 1\u00A0000 1\u202F000 1'000 1_000 1,000.00 1.000,00 1.0 1.5 1e3 0x10 0b1 +5 -0 ٣ １
  5\u200B 5n '5 =5 5% 5- NaN Infinity`
  .split(/[ \n]+/)
  .concat('1 000');

describe('a count', () => {
  const columns = 'userStateId,errorDeviceCount,successDeviceCount';
  const refusal = /^errorDeviceCount: must be a whole number with digits only, such as 1000/;
  const messages = (csv: string) => read(csv).problems.map(({ message }) => message);

  test.each(formattedCounts)('cannot be written as %j in a file', (cell) => {
    for (const delimiter of [',', ';', '\t']) {
      const csv = Papa.unparse([columns.split(','), ['a', cell, '3']], { delimiter });
      expect(read(csv)).toEqual({ rows: [], unchanged: 0, problems: [expect.anything()] });
      expect(messages(csv)).toEqual([expect.stringMatching(refusal)]);
    }
  });

  test.each(formattedCounts)('cannot be written as %j in a form', (typed) => {
    const state = { id: 'a', successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: null };
    expect(validateDraft({ errorDeviceCount: typed }, state)).toEqual({
      patch: undefined,
      problems: { errorDeviceCount: 'Enter a whole number with digits only, such as 1000 (not 1,000 or 1.000)' },
    });
    expect(parseCount(typed)).toBeNaN();
  });

  test.each([
    ['5', 5],
    [' 5 ', 5],
    ['0', 0],
    ['2147483647', 2_147_483_647],
  ])('can be written as %j', (cell, errorDeviceCount) => {
    expect(read(`userStateId;errorDeviceCount\na;${cell}`).rows).toEqual([
      { ...script, userStateId: 'a', patch: { errorDeviceCount } },
    ]);
    expect(parseCount(cell)).toBe(errorDeviceCount);
  });

  test.each([
    [columns, 'a,1,000'],
    [columns, 'a,1,000,'],
    [columns, 'a,1,234,'],
    ['userStateId,errorDeviceCount', 'a,12,345'],
    ['userStateId,errorDeviceCount,reason', 'a,1,234'],
    ['userStateId,errorDeviceCount,reason', 'a,1,000.00'],
    ['userStateId,errorDeviceCount,reason,message', 'a,1,000,000'],
    ['errorDeviceCount,userStateId,userPrincipalName', '1,000,a'],
  ])('with an unquoted separator is not two cells: %s %s', (header, line) => {
    const { rows, problems } = read(`${header}\n${line}`);
    expect(rows).toEqual([]);
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(refusal));
  });

  test('next to another count is a cell of its own', () => {
    expect(read(`${columns}\na,1,234\nb,1,0\nc,100,200`).rows.map((row) => row.patch)).toEqual([
      { errorDeviceCount: 1, successDeviceCount: 234 },
      { errorDeviceCount: 1, successDeviceCount: 0 },
      { errorDeviceCount: 100, successDeviceCount: 200 },
    ]);
  });
});

test('ids that differ only in case name the same state', () => {
  const known = [{ id: 'ab:CD', successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: null }];
  const header = 'scriptId,userStateId,errorDeviceCount';
  const id = script.scriptId.toUpperCase();
  expect(read(`${header}\n${id},AB:cd,2`, known)).toEqual({ rows: [], unchanged: 1, problems: [] });
  // The last line sets the listed value again: it is a change after the first one.
  const patches = [{ errorDeviceCount: 3 }, { errorDeviceCount: 2 }];
  expect(read(`${header}\n${id},Ab:Cd,3\n,ab:CD,2`, known)).toEqual({
    rows: patches.map((each) => ({ ...script, userStateId: 'ab:CD', patch: each })),
    unchanged: 0,
    problems: [],
  });
});

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
    const bad = fc.constantFrom('x', '-1', '2147483648', ...formattedCounts.filter((cell) => !cell.includes(',')));
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
