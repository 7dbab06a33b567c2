import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Failure } from '../failure.js';
import { type LocalChange, type LocalChanges, useLocalChanges } from '../local-changes.js';
import { type StateRef, sessionQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import type { BulkApproval, BulkRow } from './bulk-row.js';
import type { FailedRow, RowFailure } from './row-failure.js';
import { type BulkEnd, sendRows } from './row-sender.js';

/** The progress of a bulk update, and its result when it has ended. */
export interface BulkProgress {
  readonly state: 'ready' | 'running' | BulkEnd['state'];
  readonly total: number;
  /** Rows with a result; all of them when the update has ended. */
  readonly done: number;
  readonly succeeded: number;
  /** Rows whose result is not a success. */
  readonly failed: number;
  /**
   * Those rows in input order, after those of earlier attempts that were not sent again; empty until the update has
   * ended.
   */
  readonly failures: readonly FailedRow[];
  /** Rows that succeeded in earlier attempts. */
  readonly succeededBefore: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  /** Why the update was interrupted. */
  readonly failure: Failure | undefined;
}

/** A bulk update and its controls. */
export interface BulkUpdateState extends BulkProgress {
  /**
   * Starts sending rows; ignored while an update is running.
   *
   * @param kept failed rows of earlier attempts that are not sent again, for the report
   */
  readonly start: (rows: readonly BulkRow[], approval?: BulkApproval, kept?: readonly FailedRow[]) => void;
  /** Cancels the rows that have not been sent to Graph. The service completes the others. */
  readonly cancel: () => void;
}

const ready: BulkProgress = {
  state: 'ready',
  total: 0,
  done: 0,
  succeeded: 0,
  failed: 0,
  failures: [],
  succeededBefore: 0,
  startedAt: 0,
  elapsedMs: 0,
  failure: undefined,
};

/** Limits re-rendering: thousands of results can arrive together. */
const renderIntervalMs = 200;

/** Sends a bulk update and tracks its progress. Unmounting cancels it. */
export function useBulkUpdate(): BulkUpdateState {
  const client = useQueryClient();
  const localChanges = useLocalChanges();
  const [progress, setProgress] = useState(ready);
  const controller = useRef<AbortController>(undefined);
  const isRunning = progress.state === 'running';

  useEffect(() => () => controller.current?.abort(), []);

  useEffect(() => {
    if (!isRunning) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isRunning]);

  async function run(
    rows: readonly BulkRow[],
    approval: BulkApproval | undefined,
    kept: readonly FailedRow[],
    signal: AbortSignal,
  ): Promise<void> {
    const failures = new Map<number, RowFailure>();
    const succeededBefore = progress.succeededBefore + progress.succeeded;
    const startedAt = Date.now();
    let succeeded = 0;

    function show(end: BulkEnd | undefined): void {
      setProgress({
        state: end?.state ?? 'running',
        total: rows.length,
        done: succeeded + failures.size,
        succeeded,
        failed: failures.size,
        failures: end === undefined ? [] : [...kept, ...inInputOrder(rows, failures)],
        succeededBefore,
        startedAt,
        elapsedMs: Date.now() - startedAt,
        failure: end?.state === 'interrupted' ? end.failure : undefined,
      });
    }

    show(undefined);
    const timer = setInterval(show, renderIntervalMs, undefined);
    const end = await sendRows({
      rows,
      approval,
      signal,
      call: trpc.scriptUserState.updateMany.mutate,
      onRow: (index, failure) => {
        if (failure === undefined) succeeded++;
        else failures.set(index, failure);
      },
    });
    clearInterval(timer);
    controller.current = undefined;
    show(end);
    // Before the list is refetched: its values are newer.
    localChanges.set(rows.flatMap((row, index) => changesAfter(row, failures.get(index), localChanges)));
    void client.invalidateQueries({ queryKey: ['userStates'] });
    if ([...failures.values()].some(({ reason }) => reason === 'SIGN_IN_REQUIRED')) {
      void client.invalidateQueries(sessionQuery);
    }
  }

  return {
    ...progress,
    start: (rows, approval, kept = []) => {
      if (controller.current !== undefined) return;
      controller.current = new AbortController();
      void run(rows, approval, kept, controller.current.signal);
    },
    cancel: () => controller.current?.abort(),
  };
}

/** The local change that the result of a row leads to, if any. */
function changesAfter(
  row: BulkRow,
  failure: RowFailure | undefined,
  localChanges: LocalChanges,
): readonly (readonly [StateRef, LocalChange | undefined])[] {
  // The change no longer awaits approval.
  if (failure === undefined) return row.approval === undefined ? [] : [[row, undefined]];
  const { reason, approvalCode: code, current: values } = failure;
  const updatedAt = Date.now();
  if (code !== undefined) return [[row, { updatedAt, awaitingApproval: { patch: row.patch, approval: { code } } }]];
  if (values === undefined) return [];
  const awaitingApproval = reason === 'NOT_APPLIED' ? undefined : localChanges.get(row)?.awaitingApproval;
  return [[row, { updatedAt, values, ...(awaitingApproval && { awaitingApproval }) }]];
}

/** Results arrive in any order. */
const inInputOrder = (rows: readonly BulkRow[], failures: ReadonlyMap<number, RowFailure>): FailedRow[] =>
  rows.flatMap((row, index) => {
    const failure = failures.get(index);
    return failure === undefined ? [] : [{ row, failure }];
  });
