import Papa from 'papaparse';

/** The columns that identify a user state. */
export const stateColumns = ['scriptKind', 'scriptId', 'userStateId'] as const;
/** The columns with the values that an update can set. */
export const patchColumns = ['userPrincipalName', 'successDeviceCount', 'errorDeviceCount'] as const;
/** The columns that a file of failures has in addition; an import ignores them. */
const failureColumns = ['reason', 'message', 'requestId'] as const;
/** All columns, in the order in which they are written. */
export const csvColumns = [...stateColumns, ...patchColumns, ...failureColumns];
/** The columns of a list that are for readers; an import ignores them. */
export const readerColumns = ['scriptName', 'outcome', 'change'] as const;
export type CsvColumn = (typeof csvColumns)[number];

/**
 * Cells that a spreadsheet would evaluate as a formula (OWASP, "CSV Injection"), and blank names, which would be
 * invisible. They are escaped with an apostrophe, as are cells that start with one, so that an import can undo it.
 */
const mustEscape = /^(?:['=+\-@\t\r\n＝＋－＠]|\s+$)/;
const escapePrefix = /^'(?=['=+\-@\t\r\n＝＋－＠]|\s+$)/;

/** Removes the apostrophe with which {@link formatCsv} escapes a cell. */
export const unescapeCell = (cell: string): string => cell.replace(escapePrefix, '');

type Cell = string | number | null | undefined;

/** Formats rows as CSV with a header, safe to open in a spreadsheet. */
export function formatCsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return Papa.unparse({ fields: [...columns], data: rows.map((cells) => [...cells]) }, { escapeFormulae: mustEscape });
}
