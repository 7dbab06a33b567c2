import { updateRow } from '../../api/inputs/user-state.js';
import { type CsvColumn, csvColumns, patchColumns, readerColumns, unescapeCell } from '../csv/csv-format.js';
import { type CsvLine, type CsvProblem, readCsv } from '../csv/csv-reader.js';
import { idKey, isSameId } from '../ids.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { countFields, countFormat, parseCount } from '../validation.js';
import type { BulkRow } from './bulk-row.js';
import { findSplitCount } from './split-counts.js';

type Patch = BulkRow['patch'];

/** The updates in a CSV file. */
export interface ParsedUpdates {
  readonly rows: readonly BulkRow[];
  /** The number of lines that set nothing, or only known values. */
  readonly unchanged: number;
  readonly problems: readonly CsvProblem[];
}

/**
 * Parses updates from CSV. An empty cell keeps a value. Known values are not sent again.
 *
 * @param script the script of lines without a `scriptId`
 * @param known the states of that script as last fetched
 */
export function parseUpdates(
  text: string,
  script: ScriptRef,
  known: readonly ScriptUserState[] | undefined,
): ParsedUpdates {
  const { header, lines, delimiter, problems: syntaxErrors } = readCsv(text);
  const { columns, problems: headerProblems } = readHeader(header);
  const problems = [...syntaxErrors, ...headerProblems];
  const rows: BulkRow[] = [];
  let unchanged = 0;
  const states = new Map(known?.map((state) => [idKey(state.id), state]));
  const changedByEarlierLine = new Set<string>();

  for (const { line, cells } of columns.includes('userStateId') ? lines : []) {
    const { target: named, values, messages } = readLine(cells, columns, script);
    const splitCount = delimiter === ',' ? findSplitCount(cells, columns, header?.cells.length ?? 0) : undefined;
    if (splitCount !== undefined) {
      const { column, text: number } = splitCount;
      messages.push(`${column}: must be ${countFormat}. Is ${number} one number or two cells?`);
    }
    const isOpenScript = isSameScript(named, script);
    const listed = isOpenScript ? states.get(idKey(named.userStateId)) : undefined;
    // A spreadsheet can change the case of ids. Those of the list are sent as Graph spells them.
    const target = { ...named, ...(isOpenScript && script), ...(listed && { userStateId: listed.id }) };
    const key = idKey(Object.values(target).join('/'));
    const current = changedByEarlierLine.has(key) ? undefined : listed;
    const patch = Object.fromEntries(
      patchColumns.flatMap((column) => {
        const value = values[column];
        return value === undefined || isSame(value, current?.[column]) ? [] : [[column, value]];
      }),
    );
    const isUnchanged = Object.keys(patch).length === 0;
    const { data: row, error } = updateRow.safeParse({ ...target, patch });
    for (const { path, message } of error?.issues ?? []) {
      const column = String(path.at(-1));
      // An empty patch is not an error here; its issue is the one on `patch` as a whole.
      if (column === 'patch') continue;
      messages.push(`${column}: ${isFormatted(values, column) ? `must be ${countFormat}` : message}`);
    }
    problems.push(...messages.map((message) => ({ line, message })));
    if (messages.length > 0) continue;
    if (isUnchanged) unchanged++;
    else if (row !== undefined) {
      rows.push(row);
      changedByEarlierLine.add(key);
    }
  }
  return { rows, unchanged, problems: problems.toSorted((a, b) => a.line - b.line) };
}

/** Whether a count has something other than digits. */
const isFormatted = (values: Patch, column: string): boolean =>
  countFields.some(([field]) => field === column && Number.isNaN(values[field]));

/** Reading a file normalizes its line breaks. */
function isSame(value: string | number, current: string | number | null | undefined): boolean {
  return value === (typeof current === 'string' ? current.replace(/\r\n?/g, '\n') : current);
}

type Columns = readonly (CsvColumn | undefined)[];

function readHeader(header: CsvLine | undefined): { columns: Columns; problems: CsvProblem[] } {
  if (header === undefined) return { columns: [], problems: [{ line: 1, message: 'The file is empty' }] };
  const problems: CsvProblem[] = [];
  const report = (message: string) => problems.push({ line: header.line, message });
  const width = header.cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  const seen = new Set<CsvColumn>();
  const columns = header.cells.slice(0, width).map((cell, index) => {
    const name = cell.trim();
    const column = csvColumns.find((each) => each.toLowerCase() === name.toLowerCase());
    if (name === '') report(`Column ${index + 1} has no name`);
    else if (readerColumns.some((each) => each.toLowerCase() === name.toLowerCase())) return undefined;
    else if (column === undefined) report(`Unknown column ${name}. The columns are ${csvColumns.join(', ')}`);
    else if (seen.has(column)) report(`Duplicate column ${column}`);
    if (column !== undefined) seen.add(column);
    return column;
  });
  if (!seen.has('userStateId')) report('The userStateId column is required');
  else if (!patchColumns.some((column) => seen.has(column))) {
    report(`At least one column with new values is required: ${patchColumns.join(', ')}`);
  }
  return { columns, problems };
}

function readLine(cells: readonly string[], columns: Columns, script: ScriptRef) {
  const messages: string[] = [];
  const raw = (column: CsvColumn) => cells[columns.indexOf(column)] ?? '';
  const id = (column: CsvColumn) => unescapeCell(raw(column)).trim();
  const name = raw('userPrincipalName');

  if (cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
    messages.push('More cells than columns. Quote cells that contain the delimiter');
  }
  if (name !== '' && name.trim() === '') messages.push('userPrincipalName: must not be blank');
  const scriptKind = id('scriptKind') || script.scriptKind;
  if (scriptKind !== script.scriptKind && id('scriptId') === '') {
    messages.push('scriptId: is required if the scriptKind is not that of the open script');
  }
  const values: Patch = {
    userPrincipalName: unescapeCell(name) || undefined,
    successDeviceCount: parseCount(raw('successDeviceCount')),
    errorDeviceCount: parseCount(raw('errorDeviceCount')),
  };
  const target = { scriptKind, scriptId: id('scriptId') || script.scriptId, userStateId: id('userStateId') };
  return { target, values, messages };
}

interface AnyScript {
  readonly scriptKind: string;
  readonly scriptId: string;
}

/** Whether two references name the same script. */
export const isSameScript = (one: AnyScript, other: AnyScript): boolean =>
  one.scriptKind === other.scriptKind && isSameId(one.scriptId, other.scriptId);
