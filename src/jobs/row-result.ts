import { auditedOutcome } from '../audit/audit.js';
import type { SettledUpdate } from '../bulk/row-updates.js';
import { CallError } from '../errors.js';
import type { Update } from '../graph/graph.js';
import { stateKey } from '../graph/paths.js';
import type { JobRecord, JobRow, RowFailure, RowOutcome } from './job.js';

/** The reasons that concern all rows. After such a failure, the rows that have not been sent wait. */
const concernsAllRows: ReadonlySet<string> = new Set([
  'OVERLOADED',
  'AUDIT_UNAVAILABLE',
  'CREDENTIAL_UNAVAILABLE',
  'THROTTLED',
]);

/** Which rows the failure of a row concerns. `sign-in`: all rows, until the job is resumed. */
export type FailureScope = 'row' | 'all-rows' | 'sign-in';

/** Nothing was sent, and a later attempt can succeed: the row keeps waiting. */
export function scopeOf(error: unknown): FailureScope {
  if (!(error instanceof CallError) || error.certainty !== 'not-applied') return 'row';
  if (error.reason === 'SIGN_IN_REQUIRED') return 'sign-in';
  return concernsAllRows.has(error.reason) ? 'all-rows' : 'row';
}

/** The row after an update of it has ended. */
export function withResult(
  row: JobRow,
  settled: SettledUpdate,
  requestId: string,
  reasonOf: (error: unknown) => string,
): JobRow {
  const settledRow = { ...row, isSent: undefined, failure: undefined };
  if (settled.ok) {
    const { value: userState, isUnchanged } = settled.result;
    return { ...settledRow, approvalCode: undefined, outcome: isUnchanged ? 'unchanged' : 'applied', userState };
  }
  const { error } = settled;
  const outcome = auditedOutcome(error, reasonOf(error)) satisfies RowOutcome;
  const details: RowFailure['details'] = error instanceof CallError ? { ...error.details, cause: undefined } : {};
  const failure = { reason: error instanceof CallError ? error.reason : ('INTERNAL' as const), details, requestId };
  // A rejected row is filed again when the job is resumed.
  const approvalCode = outcome === 'rejected' ? undefined : (details.approvalCode ?? row.approvalCode);
  return { ...settledRow, outcome, failure, approvalCode };
}

/** How the rows of a job are sent. */
export interface SendMode {
  /** Sends nothing, and only reads the outcomes of the rows that an earlier process has sent. */
  readonly readOnly: boolean;
}

/** The update of a row. The state is read before it is written to. */
export function updateOf(
  row: JobRow,
  { justification }: Pick<JobRecord, 'justification'>,
  { readOnly }: SendMode,
): Update {
  const { scriptKind, scriptId, userStateId, patch, expected, isSent, before, approvalCode: code } = row;
  const approval = code !== undefined ? { code } : justification !== undefined ? { justification } : undefined;
  const interrupted = isSent ? { before, mayRepeat: !readOnly } : undefined;
  return { scriptKind, scriptId, userStateId, patch, expected, approval, readFirst: true, interrupted };
}

/** The outcomes after which a later write to the same state may have been made. */
const mayBeWritten: ReadonlySet<RowOutcome> = new Set(['applied', 'unchanged', 'unknown', 'pending-approval']);

const isResumable: ReadonlySet<RowOutcome> = new Set(['rejected', 'unknown', 'pending-approval', 'not-sent']);

/**
 * The rows that a resumed job sends again. It excludes a row if a later row has written to the same
 * state, because it would overwrite the later values.
 */
export function rowsToResume(rows: readonly JobRow[]): readonly JobRow[] {
  const lastWritten = new Map<string, number>();
  for (const row of rows) if (mayBeWritten.has(row.outcome)) lastWritten.set(stateKey(row), row.index);
  return rows
    .filter((row) => isResumable.has(row.outcome) && row.index >= (lastWritten.get(stateKey(row)) ?? 0))
    .map((row) => ({
      ...row,
      outcome: 'waiting',
      failure: undefined,
      isSent: row.outcome === 'unknown' ? true : undefined,
    }));
}

/**
 * The rows that restore the values before a job, in reverse order, each of them only if its state is as the job left
 * it.
 */
export function rowsToUndo(rows: readonly JobRow[]): readonly JobRow[] {
  return rows
    .filter(
      ({ outcome, before, userState }) => outcome === 'applied' && before !== undefined && userState !== undefined,
    )
    .toReversed()
    .map(({ scriptKind, scriptId, userStateId, patch, before, userState }, index) => ({
      index,
      scriptKind,
      scriptId,
      userStateId,
      patch: {
        ...(patch.successDeviceCount !== undefined && { successDeviceCount: before?.successDeviceCount }),
        ...(patch.errorDeviceCount !== undefined && { errorDeviceCount: before?.errorDeviceCount }),
        ...(patch.userPrincipalName !== undefined && { userPrincipalName: before?.userPrincipalName }),
      },
      expected: userState && {
        successDeviceCount: userState.successDeviceCount,
        errorDeviceCount: userState.errorDeviceCount,
        userPrincipalName: userState.userPrincipalName,
      },
      outcome: 'waiting',
    }));
}
