import { csvColumns, formatCsv, patchColumns, stateColumns } from '../csv/csv-format.js';
import type { FailedRow } from './row-failure.js';

/** Formats failed rows as CSV with the reason of each failure. The file can be corrected and imported again. */
export function formatFailures(failures: readonly FailedRow[]): string {
  return formatCsv(
    csvColumns,
    failures.map(({ row, failure: { reason, title, next, detail, approvalCode, requestId } }) => [
      ...stateColumns.map((column) => row[column]),
      ...patchColumns.map((column) => row.patch[column]),
      reason,
      [`${title}.`, next, detail, approvalCode && `Approval code: ${approvalCode}`].filter(Boolean).join(' '),
      requestId,
    ]),
  );
}
