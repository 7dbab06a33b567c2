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
/** The columns of a list with the failures of each person; an import ignores them. */
export const reasonColumns = ['failedDevices', 'reasons'] as const;
export type CsvColumn = (typeof csvColumns)[number];

/** The signs with which a formula begins in a spreadsheet (OWASP, "CSV Injection"). */
const signs = '=+\\-@＝＋－＠';
/** Cells that are escaped with an apostrophe: formulas, blank names, and texts that begin with an apostrophe. */
const mustEscape = new RegExp(`^(?:['${signs}\\t\\r\\n]|\\s+$)`);
const escapePrefix = new RegExp(`^'(?=['${signs}\\t\\r\\n]|\\s+$)`);
/**
 * Signs within a cell at which a new cell begins if a spreadsheet splits the line at another delimiter than the comma,
 * with the apostrophes before them.
 */
const innerFormula = new RegExp(`(?<=[,;\\t\\r\\n"])('*)(?=[${signs}])`, 'g');

/** Escapes the formulas within a cell. Papa Parse escapes the one at its start. */
const escapeInner = (cell: Cell): Cell => (typeof cell === 'string' ? cell.replace(innerFormula, "'$1") : cell);

/** Removes the apostrophes with which {@link formatCsv} escapes a cell. */
export const unescapeCell = (cell: string): string =>
  cell.replace(escapePrefix, '').replace(innerFormula, (apostrophes) => apostrophes.slice(1));

type Cell = string | number | null | undefined;

/** Formats rows as CSV with a header, safe to open in a spreadsheet. */
export function formatCsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return Papa.unparse(
    { fields: [...columns], data: rows.map((cells) => cells.map(escapeInner)) },
    { escapeFormulae: mustEscape },
  );
}
