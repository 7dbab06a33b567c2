import Papa from 'papaparse';
import type { Script, UserState } from '../queries.js';
import type { FailedRow } from './rows.js';

const targetColumns = ['scriptKind', 'scriptId', 'userStateId'] as const;
/** What can be set. */
export const patchColumns = ['userPrincipalName', 'successDeviceCount', 'errorDeviceCount'] as const;
/** What a file of failures tells beside; it can be mended and sent again as it is. */
const toldColumns = ['reason', 'message', 'requestId'] as const;
/** Every column, in the order in which they are written. */
export const allColumns = [...targetColumns, ...patchColumns, ...toldColumns];
export type Column = (typeof allColumns)[number];

/**
 * What a spreadsheet would take for a formula (OWASP, "CSV Injection"), and a name of nothing but spaces, which nobody
 * would see. An apostrophe goes before it, and before one that was there already, so that it can be taken off again.
 */
const risky = /^(?:['=+\-@\t\r\n＝＋－＠]|\s+$)/;
/** What was put before a cell so. */
export const guarded = /^'(?=['=+\-@\t\r\n＝＋－＠]|\s+$)/;

function format(
  columns: readonly Column[],
  data: readonly (readonly (string | number | null | undefined)[])[],
): string {
  return Papa.unparse({ fields: [...columns], data: data.map((cells) => [...cells]) }, { escapeFormulae: risky });
}

/** The user states of a script as CSV, one a line, to be changed elsewhere and taken in again. */
export function formatUserStates({ scriptKind, scriptId }: Script, states: readonly UserState[]): string {
  return format(
    [...targetColumns, ...patchColumns],
    states.map((state) => [scriptKind, scriptId, state.id, ...patchColumns.map((column) => state[column])]),
  );
}

/** Rows that failed as CSV, as they would be sent again, with why they failed beside. */
export function formatFailures(rows: readonly FailedRow[]): string {
  return format(
    allColumns,
    rows.map(({ row, failure: { reason, title, next, detail, approvalCode, requestId } }) => [
      ...targetColumns.map((column) => row[column]),
      ...patchColumns.map((column) => row.patch[column]),
      reason,
      [`${title}.`, next, detail, approvalCode && `Approval code: ${approvalCode}`].filter(Boolean).join(' '),
      requestId,
    ]),
  );
}
