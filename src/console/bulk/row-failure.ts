import { type Failure, type FailureReason, isOutcomeUnknown } from '../failure.js';
import { formatNumber } from '../format.js';
import { type BulkRow, expecting } from './bulk-row.js';

/** The known reason why a row was not updated; `NOT_SENT` if the page did not send it. */
export interface RowFailure extends Omit<Failure, 'reason'> {
  readonly reason: FailureReason | 'NOT_SENT';
}

/** A row that failed, was not sent, awaits approval, or has an unknown outcome. */
export interface FailedRow {
  readonly row: BulkRow;
  readonly failure: RowFailure;
}

/** The reasons after which an approval code is no longer valid: Graph rejected it, or accepted the change. */
const codeEndings = new Set<RowFailure['reason']>(['GRAPH_PERMISSION_MISSING', 'NOT_APPLIED']);

/** Whether a row awaits approval and its code is known: after the approval, the code completes it. */
export const isCompletable = ({ failure: { reason, approvalCode } }: FailedRow): boolean =>
  reason === 'APPROVAL_PENDING' && approvalCode !== undefined;

/** Whether a row can be sent again. Filing a row for approval again would have no effect. */
export const isRetryable = ({ failure }: FailedRow): boolean => failureKind(failure) !== 'awaitingApproval';

/**
 * A row as it is sent again: with its approval code if it awaits approval, and without a code that is no longer valid.
 * It replaces the values that the report shows. After an unknown outcome those may be its own.
 */
export function rowToResend({ row, failure: { reason, approvalCode, current } }: FailedRow): BulkRow {
  const { approval, expected, ...update } = row;
  const code = reason === 'APPROVAL_PENDING' ? approvalCode : approval?.code;
  return {
    ...update,
    ...(expected !== undefined &&
      !isOutcomeUnknown(reason) &&
      (current ? expecting(current, row.patch) : { expected })),
    ...(code !== undefined && !codeEndings.has(reason) && { approval: { code } }),
  };
}

/** In the order in which a summary lists them. */
const failureTexts = {
  failed: 'failed',
  awaitingApproval: 'awaiting approval',
  unknown: 'with an unknown outcome',
  notSent: 'not sent',
} as const;
type FailureKind = keyof typeof failureTexts;

/** The kind of a failure: only for `unknown`, the row may have been updated. */
export function failureKind({ reason }: RowFailure): FailureKind {
  if (reason === 'NOT_SENT') return 'notSent';
  if (reason === 'APPROVAL_PENDING') return 'awaitingApproval';
  return isOutcomeUnknown(reason) ? 'unknown' : 'failed';
}

/** The counts of all rows: `998 changed, 2 failed`. */
export function summaryText(succeeded: number, failures: readonly FailedRow[]): string {
  const kinds = failures.map(({ failure }) => failureKind(failure));
  const parts = Object.entries(failureTexts)
    .map(([kind, text]) => ({ count: kinds.filter((each) => each === kind).length, text }))
    .filter(({ count }) => count > 0)
    .map(({ count, text }) => `${formatNumber(count)} ${text}`);
  return [`${formatNumber(succeeded)} changed`, ...parts].join(', ');
}
