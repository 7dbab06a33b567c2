import { describeFailure, type Failure, failureOf } from '../failure.js';
import type { trpc } from '../trpc.js';
import type { BulkApproval, BulkRow } from './bulk-row.js';
import { splitRows } from './row-chunks.js';
import type { RowFailure } from './row-failure.js';

/** The parameters of {@link sendRows}. */
export interface SendRowsOptions {
  readonly rows: readonly BulkRow[];
  readonly approval: BulkApproval | undefined;
  /** Cancels the rows that have not been sent to Graph. */
  readonly signal: AbortSignal;
  readonly call: typeof trpc.scriptUserState.updateMany.mutate;
  /** Called exactly once for each row, with its index; without a failure, the row was updated. */
  readonly onRow: (index: number, failure: RowFailure | undefined) => void;
}

/** How a bulk update ended. `completed` means that every row has a result from the service. */
export type BulkEnd =
  | { readonly state: 'completed' }
  | { readonly state: 'cancelled' }
  | { readonly state: 'interrupted'; readonly failure: Failure };

const notSent: RowFailure = {
  reason: 'NOT_SENT',
  title: 'Not sent',
  next: 'The state was not changed. Send the row again when you are ready.',
};

/**
 * Sends rows in sequential calls, so that their order is kept. Never rejects. Reports every row, including those whose
 * outcome is unknown.
 */
export async function sendRows({ rows, approval, signal, call, onRow }: SendRowsOptions): Promise<BulkEnd> {
  const reported = new Uint8Array(rows.length);
  let from = 0;
  let end: BulkEnd = { state: 'completed' };

  function report(index: number, failure: RowFailure | undefined): void {
    if (reported[index] !== 0) return;
    reported[index] = 1;
    onRow(index, failure);
  }

  /** Sends one chunk. Returns how it ended, and the failure of all rows that received no result. */
  async function send(updates: readonly BulkRow[]): Promise<readonly [BulkEnd, RowFailure]> {
    let responded = false;
    try {
      const results = await call({ updates: [...updates], approval }, { signal });
      responded = true;
      for await (const each of results) {
        if (each.type === 'result') {
          report(from + each.index, each.ok ? undefined : rowFailure(each.error, updates[each.index]));
        }
      }
      if (!reported.subarray(from, from + updates.length).includes(0)) return [{ state: 'completed' }, connectionLost];
      if (!signal.aborted) return [{ state: 'interrupted', failure: connectionLost }, connectionLost];
    } catch (thrown) {
      const failure = failureOf(thrown, {});
      // An error before the response rejects the call as a whole, so it applies to every row. An error in the middle of
      // the stream does not apply to the remaining rows.
      if (!signal.aborted) return [{ state: 'interrupted', failure }, responded ? connectionLost : failure];
    }
    return [{ state: 'cancelled' }, cancelled];
  }

  for (const chunk of splitRows(rows)) {
    let failure = notSent;
    if (end.state === 'completed') {
      if (signal.aborted) end = { state: 'cancelled' };
      else [end, failure] = await send(chunk);
    }
    for (let index = from; index < from + chunk.length; index++) report(index, failure);
    from += chunk.length;
  }
  return end;
}

function rowFailure(error: Parameters<typeof describeFailure>[0], row: BulkRow | undefined): RowFailure {
  const failure = describeFailure(error, { approvalCode: row?.approval?.code });
  if (failure.reason === 'APPROVAL_PENDING' && failure.approvalCode !== undefined) {
    return { ...failure, next: 'Give them the approval code. After they approve, complete the change.' };
  }
  if (failure.reason === 'OVERLOADED') {
    // The service accepted the call, then stopped sending rows: it is shutting down or has lost Redis.
    return { ...failure, title: 'The service is restarting', next: 'Not sent. Try again.' };
  }
  return failure;
}

const connectionLost = failureOf(undefined, {});
const cancelled: RowFailure = { ...connectionLost, detail: 'You cancelled before the service responded.' };
