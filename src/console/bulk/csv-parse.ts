import { updateRow } from '../input-schemas.js';
import { readCount } from '../parse-count.js';
import type { Script, UserState } from '../queries.js';
import { allColumns, type Column, guarded, patchColumns } from './csv-format.js';
import { type CsvLine, type CsvProblem, readCsv } from './csv-lines.js';
import type { Row } from './rows.js';

type Patch = Row['patch'];

/** What a file asks for: the rows to be sent, how many of its lines change nothing, and what is wrong with it. */
export interface Updates {
  readonly rows: readonly Row[];
  readonly unchanged: number;
  readonly problems: readonly CsvProblem[];
}

/**
 * Reads changes from CSV. An empty cell leaves a value as it is, and what is known to be there already is not sent.
 *
 * @param script what lines are about that name no script
 * @param known states of that script, as they were last seen
 */
export function parseUpdates(text: string, script: Script, known: readonly UserState[] | undefined): Updates {
  const { head, lines, problems: broken } = readCsv(text);
  const { columns, problems: wrong } = readHead(head);
  const problems = [...broken, ...wrong];
  const rows: Row[] = [];
  let unchanged = 0;
  const states = new Map(known?.map((state) => [state.id, state]));
  const changedBefore = new Set<string>();

  for (const { line, cells } of columns.includes('userStateId') ? lines : []) {
    const { target, asked, messages } = readLine(cells, columns, script);
    const name = Object.values(target).join('/');
    const isHere = target.scriptKind === script.scriptKind && target.scriptId === script.scriptId;
    // What an earlier line changes is no longer as it is known to be.
    const there = isHere && !changedBefore.has(name) ? states.get(target.userStateId) : undefined;
    const patch = Object.fromEntries(
      patchColumns.flatMap((column) => {
        const value = asked[column];
        return value === undefined || isSame(value, there?.[column]) ? [] : [[column, value]];
      }),
    );
    const asksForNothing = Object.keys(patch).length === 0;
    const { data: row, error } = updateRow.safeParse({ ...target, patch });
    for (const { path, message } of error?.issues ?? []) {
      // That it asks for nothing is no mistake; the issue of it is the one about the patch as a whole.
      const column = String(path.at(-1));
      if (column !== 'patch') messages.push(`${column}: ${message}`);
    }
    problems.push(...messages.map((message) => ({ line, message })));
    if (messages.length > 0) continue;
    if (asksForNothing) unchanged++;
    else if (row !== undefined) {
      rows.push(row);
      changedBefore.add(name);
    }
  }
  return { rows, unchanged, problems: problems.toSorted((one, other) => one.line - other.line) };
}

/** Line breaks are all alike once a file has been read. */
function isSame(value: string | number, there: string | number | null | undefined): boolean {
  return value === (typeof there === 'string' ? there.replace(/\r\n?/g, '\n') : there);
}

type Columns = readonly (Column | undefined)[];

function readHead(head: CsvLine | undefined): { columns: Columns; problems: CsvProblem[] } {
  if (head === undefined) return { columns: [], problems: [{ line: 1, message: 'there are no lines here' }] };
  const problems: CsvProblem[] = [];
  const tell = (message: string) => problems.push({ line: head.line, message });
  const width = head.cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  const seen = new Set<Column>();
  const columns = head.cells.slice(0, width).map((cell, index) => {
    const name = cell.trim();
    const column = allColumns.find((each) => each.toLowerCase() === name.toLowerCase());
    if (name === '') tell(`column ${index + 1} has no name`);
    else if (column === undefined) tell(`${name}: there is no such column, only ${allColumns.join(', ')}`);
    else if (seen.has(column)) tell(`${column}: there are two of this column`);
    if (column !== undefined) seen.add(column);
    return column;
  });
  if (!seen.has('userStateId')) tell('userStateId: this column is missing; the first line has to name the columns');
  else if (!patchColumns.some((column) => seen.has(column))) {
    tell(`there is nothing to set: at least one of ${patchColumns.join(', ')} is wanted`);
  }
  return { columns, problems };
}

function readLine(cells: readonly string[], columns: Columns, script: Script) {
  const messages: string[] = [];
  const raw = (column: Column) => cells[columns.indexOf(column)] ?? '';
  const id = (column: Column) => raw(column).replace(guarded, '').trim();
  const name = raw('userPrincipalName');

  if (cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
    messages.push('there are more cells than columns; a cell that holds the delimiter has to be in quotes');
  }
  if (name !== '' && name.trim() === '') messages.push('userPrincipalName: there are only spaces in it');
  const scriptKind = id('scriptKind') || script.scriptKind;
  if (scriptKind !== script.scriptKind && id('scriptId') === '') {
    messages.push('scriptId: is wanted with a scriptKind other than that of the open script');
  }
  const asked: Patch = {
    userPrincipalName: name.replace(guarded, '') || undefined,
    successDeviceCount: readCount(raw('successDeviceCount')),
    errorDeviceCount: readCount(raw('errorDeviceCount')),
  };
  const target = { scriptKind, scriptId: id('scriptId') || script.scriptId, userStateId: id('userStateId') };
  return { target, asked, messages };
}
