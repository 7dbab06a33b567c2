import { inputObject } from '../../api/inputs/messages.js';
import { targetFields } from '../../api/inputs/target.js';
import { patch as patchSchema } from '../../api/inputs/user-state.js';
import { type CsvColumn, csvColumns, patchColumns, stateColumns, unescapeCell } from '../csv/csv-format.js';
import { type CsvLine, type CsvProblem, readCsv } from '../csv/csv-reader.js';
import { idKey, isSameId } from '../ids.js';
import type { ScriptRef, ScriptUserState, StateRef } from '../queries.js';
import { countFields, countFormat, parseCount } from '../validation.js';
import type { BulkRow } from './bulk-row.js';
import { findSplitCount } from './split-counts.js';

type Patch = BulkRow['patch'];

const targetSchema = inputObject(targetFields);

/** A valid line of a CSV file. */
export interface UpdateLine {
  readonly line: number;
  readonly target: StateRef;
  /** The values of its cells, changed or not. */
  readonly values: Patch;
  /** The state as the list shows it; undefined if the list does not contain it. */
  readonly listed: ScriptUserState | undefined;
}

/** The updates in a CSV file. */
export interface ParsedUpdates {
  readonly lines: readonly UpdateLine[];
  /** The names of the columns that have no effect. */
  readonly ignoredColumns: readonly string[];
  readonly problems: readonly CsvProblem[];
}

/**
 * Parses updates from CSV. An empty cell keeps a value. A value that the list shows already is not validated: Graph can
 * have values that an update may not set.
 *
 * @param script the script of lines without a `scriptId`
 * @param known the states of that script as last fetched
 */
export function parseUpdates(text: string, script: ScriptRef, known: readonly ScriptUserState[] = []): ParsedUpdates {
  const { header, lines, delimiter, problems: syntaxErrors } = readCsv(text);
  const { columns, ignoredColumns, problems: headerProblems } = readHeader(header);
  const problems = [...syntaxErrors, ...headerProblems];
  const updates: UpdateLine[] = [];
  const states = new Map(known.map((state) => [idKey(state.id), state]));

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
    const { data: target, error: targetError } = targetSchema.safeParse({
      ...named,
      ...(isOpenScript && script),
      ...(listed && { userStateId: listed.id }),
    });
    const { error: valuesError } = patchSchema.safeParse(changedValues(values, listed));
    for (const { path, message } of [...(targetError?.issues ?? []), ...(valuesError?.issues ?? [])]) {
      const column = String(path.at(-1));
      // An empty patch is not an error here; its issue has no path.
      if (path.length === 0) continue;
      messages.push(`${column}: ${isFormatted(values, column) ? `must be ${countFormat}` : message}`);
    }
    problems.push(...messages.map((message) => ({ line, message })));
    if (target !== undefined && messages.length === 0) updates.push({ line, target, values, listed });
  }
  return { lines: updates, ignoredColumns, problems: problems.toSorted((a, b) => a.line - b.line) };
}

/** The values that a state does not have yet. */
export const changedValues = (values: Patch, state: ScriptUserState | undefined): Patch =>
  Object.fromEntries(
    patchColumns.flatMap((column) => {
      const value = values[column];
      return value === undefined || isSame(value, state?.[column]) ? [] : [[column, value]];
    }),
  );

/** Whether a count has something other than digits. */
const isFormatted = (values: Patch, column: string): boolean =>
  countFields.some(([field]) => field === column && Number.isNaN(values[field]));

/** Reading a file normalizes its line breaks. */
function isSame(value: string | number, current: string | number | null | undefined): boolean {
  return value === (typeof current === 'string' ? current.replace(/\r\n?/g, '\n') : current);
}

type Columns = readonly (CsvColumn | undefined)[];
const usedColumns: readonly CsvColumn[] = [...stateColumns, ...patchColumns];

interface Header {
  readonly columns: Columns;
  readonly ignoredColumns: readonly string[];
  readonly problems: readonly CsvProblem[];
}

function readHeader(header: CsvLine | undefined): Header {
  if (header === undefined) {
    return { columns: [], ignoredColumns: [], problems: [{ line: 1, message: 'The file is empty' }] };
  }
  const problems: CsvProblem[] = [];
  const report = (message: string) => problems.push({ line: header.line, message });
  const width = header.cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  const names = header.cells.slice(0, width).map((cell) => cell.trim());
  const columns = names.map((name) => csvColumns.find((each) => each.toLowerCase() === name.toLowerCase()));
  for (const column of usedColumns) {
    if (columns.indexOf(column) !== columns.lastIndexOf(column)) report(`Duplicate column ${column}`);
  }
  if (!columns.includes('userStateId')) report('The userStateId column is required');
  else if (!patchColumns.some((column) => columns.includes(column))) {
    report(`At least one column with new values is required: ${patchColumns.join(', ')}`);
  }
  const ignoredColumns = names.flatMap((name, index) => {
    const column = columns[index];
    return column !== undefined && usedColumns.includes(column) ? [] : [name || `column ${index + 1} without a name`];
  });
  return { columns, ignoredColumns, problems };
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
