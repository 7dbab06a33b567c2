import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Failure } from '../failure.js';
import { useMarks } from '../overlay/local-overlay.js';
import { sessionQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import type { Approval, FailedRow, Row, RowFailure } from './rows.js';
import { type Ending, sendRows } from './send-rows.js';

/** How far a run is. */
export interface BulkProgress {
  readonly state: 'ready' | 'running' | 'cancelled' | 'over' | 'broken';
  readonly total: number;
  /** Rows that have an answer; once it is over, all of them. */
  readonly done: number;
  readonly succeeded: number;
  /** Rows that have an answer and are not changed; once it is over, every row that is not known to be changed. */
  readonly failed: number;
  /** Those rows in their order, once the run is over. */
  readonly failures: readonly FailedRow[];
  /** Rows that runs before this one changed. */
  readonly earlier: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  /** What ended a run that is `broken`. */
  readonly failure: Failure | undefined;
}

/** A run of many changes, and how to begin and end one. */
export interface BulkRun extends BulkProgress {
  /** Sends rows; does nothing while a run is under way. */
  readonly start: (rows: readonly Row[], approval?: Approval) => void;
  /** What has been sent to Graph by then is seen through by the service; the rest never is. */
  readonly cancel: () => void;
}

const ready: BulkProgress = {
  state: 'ready',
  total: 0,
  done: 0,
  succeeded: 0,
  failed: 0,
  failures: [],
  earlier: 0,
  startedAt: 0,
  elapsedMs: 0,
  failure: undefined,
};

/** Thousands of answers come in a burst; they are shown so often. */
const showEveryMs = 200;

/** Sends many changes and tells how far it is. Ends with the component that uses it. */
export function useBulkRun(): BulkRun {
  const client = useQueryClient();
  const marks = useMarks();
  const [progress, setProgress] = useState(ready);
  const underWay = useRef<AbortController>(undefined);
  const isRunning = progress.state === 'running';

  useEffect(() => () => underWay.current?.abort(), []);

  useEffect(() => {
    if (!isRunning) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isRunning]);

  async function run(rows: readonly Row[], approval: Approval | undefined, stop: AbortController): Promise<void> {
    const failures = new Map<number, RowFailure>();
    const earlier = progress.earlier + progress.succeeded;
    const startedAt = Date.now();
    let succeeded = 0;

    function show(ending: Ending | undefined): void {
      setProgress({
        state: ending?.state ?? 'running',
        total: rows.length,
        done: succeeded + failures.size,
        succeeded,
        failed: failures.size,
        // Answers come in any order.
        failures:
          ending === undefined
            ? []
            : rows.flatMap((row, index) => {
                const failure = failures.get(index);
                return failure === undefined ? [] : [{ row, failure }];
              }),
        earlier,
        startedAt,
        elapsedMs: Date.now() - startedAt,
        failure: ending?.state === 'broken' ? ending.failure : undefined,
      });
    }

    show(undefined);
    const timer = setInterval(show, showEveryMs, undefined);
    const ending = await sendRows({
      rows,
      approval,
      signal: stop.signal,
      call: trpc.scriptUserState.updateMany.mutate,
      onRow: (index, failure) => {
        if (failure === undefined) succeeded++;
        else failures.set(index, failure);
      },
    });
    clearInterval(timer);
    underWay.current = undefined;
    show(ending);
    void client.invalidateQueries({ queryKey: ['userStates'] });
    // Sent together they carry no codes: each waits at its own row, to be sent again from there.
    marks.set(
      [...failures].flatMap(([index, { approvalCode: code }]) => {
        const row = rows[index];
        if (row === undefined || code === undefined) return [];
        return [[row, { at: Date.now(), waiting: { patch: row.patch, approval: { ...approval, code } } }] as const];
      }),
    );
    if ([...failures.values()].some(({ reason }) => reason === 'SIGN_IN_REQUIRED')) {
      void client.invalidateQueries(sessionQuery);
    }
  }

  return {
    ...progress,
    start: (rows, approval) => {
      if (underWay.current !== undefined) return;
      underWay.current = new AbortController();
      void run(rows, approval, underWay.current);
    },
    cancel: () => underWay.current?.abort(),
  };
}
