import * as fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { planImport, rowsToSend } from '../../src/console/bulk/import-plan.js';
import { readTextFile } from '../../src/console/bulk/text-file.js';
import { parseUpdates } from '../../src/console/bulk/updates-csv.js';
import { csvColumns, patchColumns } from '../../src/console/csv/csv-format.js';
import { draftSchema, textsOf } from '../../src/console/edit/draft.js';
import { formatJobRows } from '../../src/console/jobs/job-csv.js';
import type { ScriptUserState } from '../../src/console/queries.js';
import { formatUserStates } from '../../src/console/states/states-csv.js';
import { parseCount } from '../../src/console/validation.js';
import { jobRows, patch, script, someStates, states, text } from './bulk-rows-fixture.js';

/** Reads a file as an import that renames people. */
function read(csv: string, known?: readonly ScriptUserState[]) {
  const { lines, problems } = parseUpdates(csv, script, known);
  const renaming = planImport(lines, script, true);
  return { rows: problems.length > 0 ? [] : rowsToSend(renaming), unchanged: renaming.unchanged, problems };
}

/** The plan of a file without problems. */
function plan(csv: string, known: readonly ScriptUserState[], renames = false) {
  const { lines, problems } = parseUpdates(csv, script, known);
  expect(problems).toEqual([]);
  return planImport(lines, script, renames);
}
const parsed = (csv: string) => Papa.parse<string[]>(csv).data;

/** Texts that are not digits only: most could be another number than the one they seem to be. */
const formattedCounts =
  `1.000 1,000 1\u00A0000 1\u202F000 1'000 1_000 1,000.00 1.000,00 1.00 1. .0 -1.0 1,0 1.5 1e3 0x10 0b1 +5 -0 ٣ １
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
    const draft = {
      patch: { ...textsOf(state), errorDeviceCount: typed },
      justification: '',
    };
    expect(draftSchema(state, false).safeParse(draft).error?.issues).toMatchObject([
      {
        path: ['patch', 'errorDeviceCount'],
        message: 'Enter a whole number with digits only, such as 1000 (not 1,000 or 1.000)',
      },
    ]);
    expect(parseCount(typed)).toBeNaN();
  });

  test.each([
    ['5', 5],
    [' 5 ', 5],
    ['0', 0],
    ['3.0', 3],
    [' 1000.0\t', 1000],
    ['2147483647', 2_147_483_647],
  ])('can be written as %j', (cell, errorDeviceCount) => {
    expect(read(`userStateId;errorDeviceCount\na;"${cell}"`).rows).toEqual([
      { ...script, userStateId: 'a', patch: { errorDeviceCount } },
    ]);
    expect(parseCount(cell)).toBe(errorDeviceCount);
  });

  test.each([
    [columns, 'a,1,000'],
    [columns, 'a,1,000,'],
    [columns, 'a,1,234,'],
    ['userStateId,errorDeviceCount', 'a,12,345'],
    [columns, 'a,1,234.0'],
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
  expect(plan(`${header}\n${id},Ab:Cd,3\n,ab:CD,3`, known).updates).toMatchObject([
    { target: { ...script, userStateId: 'ab:CD' }, lines: [2, 3], patch: { errorDeviceCount: 3 }, leftOut: false },
  ]);
});

describe('a plan', () => {
  const known = [
    { id: 'a', successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'Anna@contoso.example' },
    { id: 'b', successDeviceCount: 3, errorDeviceCount: 4, userPrincipalName: null },
  ];
  const header = 'userStateId,userPrincipalName,successDeviceCount,errorDeviceCount\n';
  const warnings = (csv: string, renames = false) =>
    plan(header + csv, known, renames).updates.flatMap((update) => update.warnings);

  test('has the values before and after, and expects the ones that it replaces', () => {
    const planned = plan(`${header}a,,1,5\nb,,,`, known);
    const target = { ...script, userStateId: 'a' };
    expect(planned).toEqual({
      updates: [{ target, lines: [2], before: known[0], patch: { errorDeviceCount: 5 }, leftOut: false, warnings: [] }],
      unchanged: 1,
    });
    expect(rowsToSend(planned)).toEqual([
      { ...target, patch: { errorDeviceCount: 5 }, expected: { errorDeviceCount: 2 } },
    ]);
  });

  test('checks names without regard to case, and sends none', () => {
    const planned = plan(`${header}a,anna@CONTOSO.example,5,\nc,carl,6,`, known);
    expect(rowsToSend(planned)).toEqual([
      { ...script, userStateId: 'a', patch: { successDeviceCount: 5 }, expected: { successDeviceCount: 1 } },
      { ...script, userStateId: 'c', patch: { successDeviceCount: 6 } },
    ]);
    expect(planned.updates.map((update) => update.warnings)).toEqual([
      [],
      [
        'Not in the loaded list. The current values are not known and may be overwritten.',
        'The name is not checked and not sent.',
      ],
    ]);
  });

  test.each([
    ['a,Bert,5,', 'The file names Bert, but the list names Anna@contoso.example.'],
    ['b,Bert,5,', 'The file names Bert, but the list has no name.'],
    ['c,Carl,,', 'The line has only a name.'],
  ])('leaves out a line with another name, unless people are renamed: %s', (line, warning) => {
    const checked = plan(header + line, known);
    expect(rowsToSend(checked)).toEqual([]);
    expect(checked.updates[0]?.warnings[0]).toContain(warning);
    const [row] = rowsToSend(plan(header + line, known, true));
    expect(row?.patch.userPrincipalName).toBe(line.split(',')[1]);
    expect(warnings(line, true)).toContain('This person gets a new name.');
  });

  test('leaves out lines that contradict each other, even if one of them changes nothing', () => {
    const planned = plan(`${header}a,,5,2\nb,,9,\nA,,5,3\na,,5,2`, known);
    expect(rowsToSend(planned).map(({ userStateId }) => userStateId)).toEqual(['b']);
    expect(planned.updates[0]?.warnings).toEqual([
      'Lines 2, 4, and 5 set different values for Devices failed. Keep one of them.',
    ]);
    expect(rowsToSend(plan(`${header}a,Ann,,\na,Anne,,`, known, true))).toEqual([]);
  });

  test('joins lines for the same person', () => {
    const planned = plan(`${header}a,,5,\na,,,6\na,,5,6`, known);
    expect(rowsToSend(planned)).toMatchObject([{ patch: { successDeviceCount: 5, errorDeviceCount: 6 } }]);
    expect(planned.updates[0]?.warnings).toEqual([
      'Lines 2, 3, and 4 name the same person and are sent as one change.',
    ]);
  });

  test('names the columns that it ignores', () => {
    const csv = 'Department,userStateId,ERRORDEVICECOUNT,,reason\nIT,a,5,x,y\n';
    expect(parseUpdates(csv, script, known)).toMatchObject({
      ignoredColumns: ['Department', 'column 4 without a name', 'reason'],
      problems: [],
      lines: [{ line: 2, values: { errorDeviceCount: 5 } }],
    });
    expect(parseUpdates('userStateId;errorDeviceCount;ErrorDeviceCount\na;1;2', script, known).problems).toEqual([
      { line: 1, message: 'Duplicate column errorDeviceCount' },
    ]);
  });

  test.each([
    'userStateId,errorDeviceCount,Age\na,5,123',
    'sep=;\nuserStateId;errorDeviceCount\na;5',
    'SEP=\t\r\nuserStateId\terrorDeviceCount\r\na\t5',
    '#TYPE System.Management.Automation.PSCustomObject\n"userStateId","errorDeviceCount"\n"a","5"',
    '"#TYPE Selected.Object"\n\nuserStateId,errorDeviceCount\na,5',
    '"sep=;"\nuserStateId;errorDeviceCount\na;5',
    '\n\nsep=,\nuserStateId,errorDeviceCount\na,5',
    'sep=;\nuserStateId;errorDeviceCount;a,b,c,d\na;5;x',
  ])('reads what spreadsheets and PowerShell write: %j', (csv) => {
    for (const each of [csv, `\uFEFF${csv}`]) {
      const [update, ...more] = plan(each, known).updates;
      expect(more).toEqual([]);
      expect(update).toMatchObject({ lines: [each.split('\n').length], patch: { errorDeviceCount: 5 } });
    }
  });
});

describe('a text file', () => {
  const content = 'userStateId,userPrincipalName\na,José 漢 😀';
  const utf16le = Buffer.from(`\uFEFF${content}`, 'utf16le');
  test.each([
    ['UTF-8', Buffer.from(content)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${content}`)],
    ['UTF-16LE', utf16le],
    ['UTF-16BE', Buffer.from(utf16le).swap16()],
  ])('can be in %s', async (_encoding, bytes) => {
    expect(await readTextFile(new Blob([new Uint8Array(bytes)]))).toBe(content);
  });

  test.each([
    ['in another encoding', Buffer.from(content, 'latin1'), 'The file is not in UTF-8.'],
    ['a workbook', Buffer.from('PK\u0003\u0004workbook'), 'The file is a workbook.'],
    ['too large', Buffer.alloc(10_000_001), 'The file is larger than 10 MB.'],
  ])('is refused if it is %s', async (_what, bytes, message) => {
    await expect(readTextFile(new Blob([new Uint8Array(bytes)]))).rejects.toThrow(message);
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
        const expected = Object.fromEntries(wanted.map((column) => [column, before[column]]));
        return wanted.length > 0 ? [{ ...script, userStateId: before.id, patch: changed, expected }] : [];
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

  test('contains no formula, whichever delimiter a spreadsheet assumes', () => {
    const property = fc.property(states, jobRows, (known, rows) => {
      for (const file of [
        formatUserStates(script, known),
        formatJobRows(rows, ({ scriptId }) => scriptId, new Map()),
      ]) {
        for (const delimiter of [';', '\t', '"', ',']) {
          const cells = file.split(/[\r\n]/).flatMap((line) => line.split(delimiter));
          expect(cells.filter((cell) => /^"*[=+\-@＝＋－＠]/.test(cell) && !/^-\d+$/.test(cell))).toEqual([]);
        }
      }
    });
    fc.assert(property, { numRuns: 500 });
    const known = [
      { id: 'a', successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: "x;=1,\"+2\t@3\n'-4;''＝5" },
    ];
    const csv = formatUserStates(script, known);
    expect(csv).toContain("\"x;'=1,\"\"'+2\t'@3\n''-4;'''＝5\"");
    expect(read(csv, known)).toEqual({ rows: [], unchanged: 1, problems: [] });
  });

  test('contains nothing that a spreadsheet would evaluate as a formula', () => {
    fc.assert(
      fc.property(states, jobRows, (known, rows) => {
        const files = [formatUserStates(script, known), formatJobRows(rows, ({ scriptId }) => scriptId, new Map())];
        const cells = files.flatMap(parsed).flat();
        // A negative number is not a formula.
        expect(cells.filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !/^-\d+$/.test(cell))).toEqual([]);
      }),
    );
  });
});

test('a file of results contains the same rows again', () => {
  const property = fc.property(jobRows, (rows) => {
    const csv = formatJobRows(rows, ({ scriptId }) => scriptId, new Map());
    const updates = rows.map(({ scriptKind, scriptId, userStateId, patch: values }) => {
      return { scriptKind, scriptId, userStateId, patch: values };
    });
    expect(read(csv)).toEqual({ rows: updates, unchanged: 0, problems: [] });
    expect(parsed(csv)[0]).toEqual(expect.arrayContaining(csvColumns));
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
