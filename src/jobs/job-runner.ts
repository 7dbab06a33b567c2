import { setTimeout as sleep } from 'node:timers/promises';
import type { Audit } from '../audit/audit.js';
import { runUpdates, type SettledUpdate } from '../bulk/row-updates.js';
import { CallError } from '../errors.js';
import type { Caller, Graph } from '../graph/graph.js';
import { stateKey } from '../graph/paths.js';
import type { JobActor, JobRecord, JobRow, RowOutcome } from './job.js';
import type { RunJob } from './job-queue.js';
import { rest, resumed, run } from './job-state.js';
import type { ChangedPart, JobStore } from './job-store.js';
import { rowsToResume, scopeOf, updateOf, withResult } from './row-result.js';
import { loadRows, type RunningRows } from './row-writer.js';

/** The dependencies of {@link createJobRunner}. */
export interface JobRunnerParts {
  readonly store: JobStore;
  readonly graph: Graph;
  readonly audit: Audit;
  /** Creates the caller for whom the rows of a job are sent. */
  readonly callerOf: (actor: JobActor) => Caller;
  readonly reasonOf: (error: unknown) => string;
  /** Called with the failure of a row that is a defect of the service. */
  readonly onDefect: (jobId: string, error: unknown) => void;
  /** Called when the outcome of a row is known, and is about to be stored. */
  readonly onOutcome: (outcome: RowOutcome) => void;
  /** Calls back when a job changes. @returns removes the listener */
  readonly onChange: (jobId: string, listener: (part: ChangedPart) => void) => () => void;
  /** How long the rows wait after a failure that concerns all of them, in milliseconds. The last one is the longest. */
  readonly pausesMs?: readonly number[];
}

const defaultPausesMs = [1_000, 5_000, 20_000, 60_000, 120_000, 300_000];

/** Why the rows of a run that are left were not sent. */
type Halt = 'cancelled' | 'handed-over' | 'sign-in' | 'pause';

/**
 * Creates the function that works on a job. It sends the rows that wait through the same path as `updateMany`. A row is
 * stored as sent before its request is sent, so that a replica that continues the job reads its outcome first.
 */
export function createJobRunner(parts: JobRunnerParts): RunJob {
  const { store, graph, audit, callerOf, reasonOf, onDefect, onOutcome, onChange, pausesMs = defaultPausesMs } = parts;

  /** Sends the rows that wait, until they have an outcome or a reason to halt. */
  async function sendRows(job: JobRecord, rows: RunningRows, signal: AbortSignal): Promise<Halt | undefined> {
    const { jobId, actor } = job;
    const waiting = rows.all().filter(({ outcome }) => outcome === 'waiting');
    const halting = new AbortController();
    const halted = new CallError('OVERLOADED');
    const blocked = new Set<string>();
    let halt: Halt | undefined;

    function stop(reason: Halt): void {
      halt ??= reason;
      halting.abort(halted);
    }

    const handOver = () => stop('handed-over');
    const stopIfCancelled = async () => {
      const current = await store.get(jobId).catch(() => job);
      if (current === undefined || current.state === 'cancelling') stop('cancelled');
    };
    const stopListening = onChange(jobId, (part) => {
      if (part !== 'rows') void stopIfCancelled();
    });
    signal.addEventListener('abort', handOver);
    if (signal.aborted) handOver();
    await stopIfCancelled();

    const rowAt = (index: number): JobRow => rows.get(waiting[index]?.index ?? -1);

    async function settle(index: number, settled: SettledUpdate): Promise<void> {
      const row = rowAt(index);
      const error = settled.ok ? undefined : settled.error;
      const scope = error === undefined ? 'row' : scopeOf(error);
      // The outcome of a row that an earlier process has sent was not read.
      const isUnread =
        halting.signal.aborted && waiting[index]?.isSent === true && reasonOf(error) === 'OUTCOME_UNKNOWN';
      if (error === halted || isUnread || scope !== 'row') {
        // Nothing was sent. Later rows for the same state must not overtake this one.
        blocked.add(stateKey(row));
        if (scope === 'sign-in') stop('sign-in');
        else if (scope === 'all-rows' && error !== halted) stop('pause');
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

    const results = runUpdates({
      updates: waiting.map((row) => updateOf(row, job)),
      graph,
      audit,
      actor: { requestId: actor.requestId, user: actor, jobId },
      caller: callerOf(actor),
      halt: halting.signal,
      onRead: (index, before) => rows.set({ ...rowAt(index), before }),
      async beforeSend(index) {
        const row = rowAt(index);
        if (blocked.has(stateKey(row))) throw halted;
        // Also before a repeated request: another replica may have taken the job meanwhile.
        await rows.save({ ...row, isSent: true });
      },
      settle,
    });
    try {
      for await (const _ of results);
    } finally {
      stopListening();
      signal.removeEventListener('abort', handOver);
    }
    return halt;
  }

  return async (jobId, signal, runNumber) => {
    const job = await store.update(jobId, run, runNumber);
    if (job === undefined || (job.state !== 'running' && job.state !== 'cancelling')) return undefined;
    const rows = await loadRows(store, jobId, runNumber);
    if (job.isResumed) {
      await saveAll(rows, rowsToResume(rows.all()));
      await store.update(jobId, resumed, runNumber);
    }
    let halt: Halt | undefined;
    for (let pauses = 0; ; ) {
      const before = waitingRows(rows).length;
      halt = await sendRows(job, rows, signal);
      const isStored = await rows.saveLeft().then(
        () => true,
        () => false,
      );
      if (signal.aborted || (halt !== 'pause' && isStored)) break;
      pauses = waitingRows(rows).length < before ? 0 : Math.min(pauses + 1, pausesMs.length - 1);
      await sleep(pausesMs[pauses], undefined, { signal }).catch(() => undefined);
    }
    await rows.saveLeft();
    if (halt === 'handed-over') return undefined;
    if (halt === 'cancelled') {
      const cancelled = waitingRows(rows).map(
        (row): JobRow => ({ ...row, outcome: row.isSent ? 'unknown' : 'not-sent' }),
      );
      for (const { outcome } of cancelled) onOutcome(outcome);
      await saveAll(rows, cancelled);
    }
    const isPending = rows.all().some(({ outcome }) => outcome === 'pending-approval');
    await store.update(
      jobId,
      rest(halt === 'sign-in' ? 'waiting-for-sign-in' : isPending ? 'waiting-for-approval' : 'done'),
      runNumber,
    );
    return undefined;
  };
}

const waitingRows = (rows: RunningRows) => rows.all().filter(({ outcome }) => outcome === 'waiting');

async function saveAll(rows: RunningRows, changed: readonly JobRow[]): Promise<void> {
  await Promise.all(changed.map((row) => rows.save(row)));
}
