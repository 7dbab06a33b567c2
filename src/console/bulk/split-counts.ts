import type { CsvColumn } from '../csv/csv-format.js';
import { countFields } from '../validation.js';

/** A count with a thousands separator, which the delimiter of the file has split into two cells. */
interface SplitCount {
  readonly column: CsvColumn;
  /** The number as the file has it, such as `1,000`. */
  readonly text: string;
}

/**
 * Finds a count that may have been written as `1,000` without quotes in a file whose delimiter is the comma. `1` and
 * `000` would be valid counts of two columns. Two adjacent cells are not a split number if the second one has a column
 * of its own that can hold numbers and is written as a count is, and the line has no more cells than the header.
 *
 * @param headerWidth the number of cells in the header, including empty ones
 */
export function findSplitCount(
  cells: readonly string[],
  columns: readonly (CsvColumn | undefined)[],
  headerWidth: number,
): SplitCount | undefined {
  for (const [index, column] of columns.entries()) {
    const [first = '', second = ''] = cells.slice(index, index + 2).map((cell) => cell.trim());
    if (!isCount(column) || !/^\d{1,3}$/.test(first) || !/^\d{3}(?:\.\d*)?$/.test(second)) continue;
    const isPlain = !second.startsWith('0') && !second.includes('.');
    if (!isPlain || !canHoldNumbers(columns, index + 1) || cells.length > headerWidth) {
      return { column, text: `${first},${second}` };
    }
  }
  return undefined;
}

/** Whether a column has counts, or something unknown: an import ignores columns of other names. */
function canHoldNumbers(columns: readonly (CsvColumn | undefined)[], index: number): boolean {
  const column = columns[index];
  return index < columns.length && (column === undefined || isCount(column));
}

function isCount(column: CsvColumn | undefined): column is CsvColumn {
  return countFields.some(([field]) => field === column);
}
