import type { Audit } from '../audit/audit.js';
import { runUpdates, type SettledUpdate } from '../bulk/row-updates.js';
import { CallError } from '../errors.js';
import type { Caller, Graph } from '../graph/graph.js';
import { stateKey } from '../graph/paths.js';
import type { JobActor, JobRecord, JobRow, RowOutcome } from './job.js';
import type { ChangedPart, JobStore } from './job-store.js';
import { type SendMode, scopeOf, updateOf, withResult } from './row-result.js';
import type { RunningRows } from './row-writer.js';

/** The dependencies of {@link createRowSender}. */
export interface RowSenderParts {
  readonly store: JobStore;
  readonly graph: Graph;
  readonly audit: Audit;
  /** Creates the caller for whom the rows of a job are sent. */
  readonly callerOf: (actor: JobActor) => Caller;
  /** Whether the person may still write. @throws {CallError} if that is not known */
  readonly mayWrite: (actor: JobActor) => Promise<boolean>;
  readonly reasonOf: (error: unknown) => string;
  /** Called with the failure of a row that is a defect of the service. */
  readonly onDefect: (jobId: string, error: unknown) => void;
  /** Called when the outcome of a row is known, and is about to be stored. */
  readonly onOutcome: (outcome: RowOutcome) => void;
  /** Calls back when a job changes. @returns removes the listener */
  readonly onChange: (jobId: string, listener: (part: ChangedPart) => void) => () => void;
  /** How often {@link mayWrite} is called while a job runs, in milliseconds. */
  readonly recheckMs?: number;
}

const defaultRecheckMs = 60_000;

/** Why rows were left waiting. `pause`: a failure that concerns all rows. */
export type Halt = 'cancelled' | 'handed-over' | 'sign-in' | 'pause';

/** Sends the waiting rows, until each has an outcome or there is a reason to halt. */
export type SendRows = (
  job: JobRecord,
  rows: RunningRows,
  signal: AbortSignal,
  mode: SendMode,
) => Promise<Halt | undefined>;

/**
 * Creates the function that sends rows through the same path as `updateMany`. A row is stored as sent before its
 * request is sent, so that a replica that continues the job reads its outcome first.
 */
export function createRowSender(parts: RowSenderParts): SendRows {
  const { store, graph, audit, callerOf, mayWrite, reasonOf, onDefect, onOutcome, onChange } = parts;
  const { recheckMs = defaultRecheckMs } = parts;

  return async (job, rows, signal, mode) => {
    const { jobId, actor } = job;
    const { readOnly } = mode;
    const waiting = rows.all().filter(({ outcome, isSent }) => outcome === 'waiting' && (isSent || !readOnly));
    const halting = new AbortController();
    const halted = new CallError('OVERLOADED');
    /** The rows that are left waiting, and their states. */
    const left = new Set<number>();
    const blocked = new Set<string>();
    const rowAt = (index: number): JobRow => rows.get(waiting[index]?.index ?? -1);
    let halt: Halt | undefined;

    function stop(reason: Halt): void {
      halt ??= reason;
      halting.abort(halted);
    }

    const handOver = () => stop('handed-over');
    const stopIfCancelled = async () => {
      if (readOnly) return;
      const current = await store.get(jobId).catch(() => job);
      if (current === undefined || current.state === 'cancelling') stop('cancelled');
    };
    const stopUnlessAllowed = async () => {
      if (!readOnly && !(await mayWrite(actor))) stop('sign-in');
    };

    /** Leaves a row waiting if nothing was sent. Later rows for the same state must not overtake it. */
    function onFailure(index: number, error: unknown): void {
      const scope = scopeOf(error);
      // The outcome of a row that an earlier process has sent was not read.
      const isUnread =
        halting.signal.aborted && waiting[index]?.isSent === true && reasonOf(error) === 'OUTCOME_UNKNOWN';
      if (scope === 'row' && !isUnread) return;
      left.add(index);
      blocked.add(stateKey(rowAt(index)));
      if (scope === 'sign-in') stop('sign-in');
      else if (scope === 'all-rows' && error !== halted) stop('pause');
    }

    function requireOrder(row: JobRow): void {
      if (blocked.has(stateKey(row))) throw halted;
    }

    async function settle(index: number, settled: SettledUpdate): Promise<void> {
      const row = rowAt(index);
      const error = settled.ok ? undefined : settled.error;
      if (error === halted || left.has(index)) {
        if (row.isSent && waiting[index]?.isSent !== true) {
          await rows.save({ ...row, isSent: undefined }).catch(() => undefined);
        }
        return;
      }
      if (reasonOf(error) === 'INTERNAL' && error !== undefined) onDefect(jobId, error);
      // The outcome is stored with a later row if the store is not available now.
      const result = withResult(row, settled, actor.requestId, reasonOf);
      onOutcome(result.outcome);
      await rows.save(result).catch(() => stop('pause'));
    }

    const stopListening = onChange(jobId, (part) => {
      if (part !== 'rows') void stopIfCancelled();
    });
    signal.addEventListener('abort', handOver);
    const rechecks = setInterval(() => void stopUnlessAllowed().catch(() => undefined), recheckMs);
    try {
      if (signal.aborted) handOver();
      await stopIfCancelled();
      // A job that is being cancelled ends, whether or not its user may write.
      if (halt === undefined) await stopUnlessAllowed().catch(() => stop('pause'));
      const results = runUpdates({
        updates: waiting.map((row) => updateOf(row, job, mode)),
        graph,
        audit,
        actor: { requestId: actor.requestId, user: actor, jobId },
        caller: callerOf(actor),
        halt: halting.signal,
        onRead(index, before) {
          const row = rowAt(index);
          requireOrder(row);
          rows.set({ ...row, before });
        },
        async beforeSend(index) {
          const row = rowAt(index);
          requireOrder(row);
          // Also before a repeated request: another replica may have taken the job meanwhile.
          await rows.save({ ...row, isSent: true });
        },
        onFailure,
        isPostponed: (index) => left.has(index),
        settle,
      });
      for await (const _ of results);
    } finally {
      clearInterval(rechecks);
      stopListening();
      signal.removeEventListener('abort', handOver);
    }
    return halt;
  };
}
