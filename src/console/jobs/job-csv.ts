import { formatCsv, patchColumns, stateColumns } from '../csv/csv-format.js';
import type { JobRow } from './job-queries.js';
import { outcomeTexts } from './job-state.js';
import { failureOfRow, personOf } from './row-text.js';

/** The columns beside those of the values that were to be written. An import ignores them. */
const resultColumns = [
  'person',
  'script',
  'outcome',
  'successDeviceCountBefore',
  'errorDeviceCountBefore',
  'userPrincipalNameBefore',
  'successDeviceCountAfter',
  'errorDeviceCountAfter',
  'userPrincipalNameAfter',
  'reason',
  'message',
  'requestId',
] as const;

/** Formats the rows of a job as CSV: what was to be written, the values before and after, and why rows have failed. */
export function formatJobRows(
  rows: readonly JobRow[],
  scriptName: (row: JobRow) => string,
  personNames: ReadonlyMap<string, string>,
): string {
  return formatCsv(
    [...stateColumns, ...patchColumns, ...resultColumns],
    rows.map((row) => {
      const { patch, before, userState: after, outcome } = row;
      const failure = failureOfRow(row);
      return [
        ...stateColumns.map((column) => row[column]),
        ...patchColumns.map((column) => patch[column]),
        personOf(row, personNames),
        scriptName(row),
        outcomeTexts[outcome],
        before?.successDeviceCount,
        before?.errorDeviceCount,
        before?.userPrincipalName,
        after?.successDeviceCount,
        after?.errorDeviceCount,
        after?.userPrincipalName,
        failure?.reason,
        failure && failureText(failure),
        failure?.requestId,
      ];
    }),
  );
}

const failureText = ({ title, next, detail, approvalCode }: NonNullable<ReturnType<typeof failureOfRow>>) =>
  [`${title}.`, next, detail, approvalCode && `Approval code: ${approvalCode}`].filter(Boolean).join(' ');
