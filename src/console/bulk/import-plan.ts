import { patchColumns } from '../csv/csv-format.js';
import { formatList, formatNumber } from '../format.js';
import { idKey } from '../ids.js';
import { expecting } from '../jobs/row-update.js';
import type { ScriptRef, ScriptUserState, StateRef } from '../queries.js';
import { fieldLabels } from '../validation.js';
import type { BulkRow } from './bulk-row.js';
import { changedValues, isSameScript, type UpdateLine } from './updates-csv.js';

type Patch = BulkRow['patch'];

/** What an import does with one state. */
export interface PlannedUpdate {
  readonly target: StateRef;
  /** The numbers of the lines that name the state. */
  readonly lines: readonly number[];
  /** The state as the list shows it; undefined if the list does not contain it. */
  readonly before: ScriptUserState | undefined;
  /** The new values. */
  readonly patch: Patch;
  /** Whether the lines are doubtful. If so, nothing is sent. */
  readonly leftOut: boolean;
  readonly warnings: readonly string[];
}

/** What an import sends and does not send. */
export interface ImportPlan {
  /** In the order of the file, without unchanged states. */
  readonly updates: readonly PlannedUpdate[];
  /** The number of lines that set nothing, or only values that the list already shows. */
  readonly unchanged: number;
}

/**
 * Plans an import: one update for each state. Doubtful lines are left out: those that contradict each other, and those
 * with another name than the list, unless people are to be renamed.
 *
 * @param script the open script, whose list is known
 * @param renames whether names are new values; otherwise they only confirm that a line is about the right person
 */
export function planImport(lines: readonly UpdateLine[], script: ScriptRef, renames: boolean): ImportPlan {
  const groups = new Map<string, Group>();
  for (const line of lines) {
    const key = idKey(Object.values(line.target).join('/'));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  const updates: PlannedUpdate[] = [];
  let unchanged = 0;
  for (const group of groups.values()) {
    const update = planUpdate(group, script, renames);
    if (!update.leftOut && Object.keys(update.patch).length === 0) unchanged += group.length;
    else updates.push(update);
  }
  return { updates, unchanged };
}

/** The rows to send. They do not overwrite changes that others have made since the list was fetched. */
export const rowsToSend = ({ updates }: ImportPlan): readonly BulkRow[] =>
  updates.flatMap(({ target, before, patch, leftOut }) =>
    leftOut ? [] : [{ ...target, patch, ...(before && expecting(before, patch)) }],
  );

/** The lines that name one state. */
type Group = [UpdateLine, ...UpdateLine[]];

/** Plans the update of one state from all lines that name it. */
function planUpdate(group: Group, script: ScriptRef, renames: boolean): PlannedUpdate {
  const lines = group.map(({ line }) => line);
  const [{ target, listed: before }] = group;
  const valuesOf = (column: keyof Patch) => [...new Set(group.flatMap(({ values }) => values[column] ?? []))];
  const columns = patchColumns.filter((column) => renames || column !== 'userPrincipalName');
  const patch = changedValues(Object.fromEntries(columns.map((column) => [column, valuesOf(column)[0]])), before);
  const isChange = Object.keys(patch).length > 0;

  const names = group.flatMap(({ values }) => values.userPrincipalName ?? []);
  const otherName = renames || before === undefined ? undefined : names.find((name) => !isSameName(name, before));
  const contradictions = columns.filter((column) => valuesOf(column).length > 1);
  const isNameIgnored = before === undefined && !renames && names.length > 0;

  const reasons = [
    before !== undefined && otherName !== undefined && otherNameText(otherName, before),
    contradictions.length > 0 && contradictionText(lines, contradictions),
    isNameIgnored && !isChange && 'The line has only a name. Select “Rename people” to send it.',
  ].filter((text) => text !== false);
  const leftOut = reasons.length > 0;
  if (!leftOut && !isChange) return { target, lines, before, patch, leftOut, warnings: [] };
  const notes = [
    contradictions.length === 0 &&
      lines.length > 1 &&
      `${linesText(lines)} name the same person and are sent as one change.`,
    patch.userPrincipalName !== undefined && 'This person gets a new name.',
    before === undefined && (isSameScript(target, script) ? notListedText : otherScriptText),
    isNameIgnored && isChange && 'The name is not checked and not sent.',
  ].filter((text) => text !== false);
  return { target, lines, before, patch, leftOut, warnings: [...reasons, ...notes] };
}

const notListedText = 'Not in the loaded list. The current values are not known and may be overwritten.';
const otherScriptText = 'For another script. The current values are not known and may be overwritten.';

/** Names are compared as Entra does, without regard to case. Reading a file normalizes line breaks. */
const isSameName = (name: string, { userPrincipalName }: ScriptUserState): boolean =>
  name.toLowerCase() === userPrincipalName?.replace(/\r\n?/g, '\n').toLowerCase();

const otherNameText = (name: string, { userPrincipalName }: ScriptUserState): string =>
  `The file names ${name}, but the list ${userPrincipalName === null ? 'has no name' : `names ${userPrincipalName}`}. ` +
  'Correct the line, or select “Rename people” if the name is new.';

function contradictionText(lines: readonly number[], columns: readonly (keyof Patch)[]): string {
  return `${linesText(lines)} set different values for ${formatList(columns.map((column) => fieldLabels[column]))}. Keep one of them.`;
}

const linesText = (lines: readonly number[]) => `Lines ${formatList(lines.map((line) => formatNumber(line)))}`;
