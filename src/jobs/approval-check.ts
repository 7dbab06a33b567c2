import { type CallError, type CallReason, requireCallError } from '../errors.js';
import type { ApprovalStatus, Caller, Graph } from '../graph/graph.js';
import type { JobRecord, JobRow, RowOutcome } from './job.js';
import type { RunningRows } from './row-writer.js';

/** The dependencies of {@link createApprovalCheck}. */
export interface ApprovalCheckParts {
  readonly graph: Pick<Graph, 'approvalStatuses'>;
  /** Called once if Graph does not show approvals to this service. Jobs then wait until they are resumed. */
  readonly onApprovalsHidden: (error: CallError) => void;
  /** Called with the outcome of each row that will not be approved. */
  readonly onOutcome: (outcome: RowOutcome) => void;
}

/**
 * Reads the statuses of the approval requests of a job, and updates the rows that no longer wait for approval.
 *
 * @returns why to stop checking until the job is resumed; `undefined` to continue
 */
export type CheckApprovals = (
  job: JobRecord,
  rows: RunningRows,
  caller: Caller,
  signal: AbortSignal,
) => Promise<'hidden' | 'sign-in' | undefined>;

/** The maximum number of codes in one batch. */
const maxCodes = 20;

/** The failures that a retry does not resolve: a permission is missing, or the tenant lacks the operation. */
const hidesApprovals: ReadonlySet<CallReason> = new Set([
  'GRAPH_PERMISSION_MISSING',
  'GRAPH_ROUTE_NOT_IMPLEMENTED',
  'GRAPH_NOT_FOUND',
  'GRAPH_REJECTED',
]);

/** Creates the check. */
export function createApprovalCheck({ graph, onApprovalsHidden, onOutcome }: ApprovalCheckParts): CheckApprovals {
  let isReported = false;

  return async (job, rows, caller, signal) => {
    const pending = rows.all().filter(isPendingWithCode);
    for (let from = 0; from < pending.length && !signal.aborted; from += maxCodes) {
      const batch = pending.slice(from, from + maxCodes);
      const codes = batch.map(({ approvalCode }) => approvalCode);
      try {
        const statuses = await graph.approvalStatuses(codes, { caller, signal });
        const changed = batch.flatMap((row) => afterStatus(row, statuses.get(row.approvalCode), job) ?? []);
        await Promise.all(changed.map((row) => rows.save(row)));
        for (const { outcome } of changed) if (outcome === 'rejected') onOutcome(outcome);
      } catch (error) {
        const failure = requireCallError(error);
        if (failure.reason === 'SIGN_IN_REQUIRED') return 'sign-in';
        if (!hidesApprovals.has(failure.reason)) return undefined;
        if (!isReported) onApprovalsHidden(failure);
        isReported = true;
        return 'hidden';
      }
    }
    return undefined;
  };
}

type PendingRow = JobRow & { readonly approvalCode: string };

/**
 * Whether a row waits for approval with a code. Graph does not always send the code of a change that was filed before.
 */
export const isPendingWithCode = (row: JobRow): row is PendingRow =>
  row.outcome === 'pending-approval' && row.approvalCode !== undefined;

const endings = {
  rejected: 'The approval request was rejected.',
  cancelled: 'The approval request was cancelled.',
  expired: 'The approval request has expired.',
} as const satisfies Partial<Record<ApprovalStatus, string>>;

/** The row after a status of its approval request was read; `undefined` if it still waits. */
function afterStatus(row: PendingRow, status: ApprovalStatus | undefined, { actor }: JobRecord): JobRow | undefined {
  if (status === undefined || status === 'needsApproval') return undefined;
  if (status === 'approved') return { ...row, outcome: 'waiting', failure: undefined };
  // Another process has sent it with the code. A read shows the result.
  if (status === 'completed') return { ...row, outcome: 'waiting', failure: undefined, isSent: true };
  const details = { publicMessage: endings[status], approvalCode: row.approvalCode };
  const failure = { reason: 'GRAPH_REJECTED', details, requestId: actor.requestId } as const;
  // If the job is resumed, the row is filed again.
  return { ...row, outcome: 'rejected', failure, approvalCode: undefined };
}

/** The shortest and the longest time between two checks, in milliseconds. */
const defaultIntervalMs = { shortest: 30_000, longest: 600_000 };

/** The maximum number of codes read per second, on average: about a tenth of the quota of reads. */
const codesPerSecond = 10;

/**
 * How long to wait before the next check, in milliseconds: a quarter of the time that the job has waited, so that the
 * delay is in proportion to it.
 */
export function approvalDelayMs(
  { changedAtMs }: Pick<JobRecord, 'changedAtMs'>,
  pending: number,
  { shortest, longest } = defaultIntervalMs,
): number {
  const waitedMs = Date.now() - changedAtMs;
  return Math.min(longest, Math.max(shortest, waitedMs / 4, (pending / codesPerSecond) * 1_000));
}
