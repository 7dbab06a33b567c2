import { setTimeout as sleep } from 'node:timers/promises';
import type { Audit } from '../audit/audit.js';
import { runUpdates, type SettledUpdate } from '../bulk/row-updates.js';
import { CallError } from '../errors.js';
import type { Caller, Graph } from '../graph/graph.js';
import { stateKey } from '../graph/paths.js';
import { type ApprovalCheckParts, approvalDelayMs, createApprovalCheck, isPendingWithCode } from './approval-check.js';
import type { JobActor, JobRecord, JobRow, RowOutcome } from './job.js';
import type { RunJob } from './job-queue.js';
import { hasEnded, proceed, rest, resumed, run } from './job-state.js';
import type { ChangedPart, JobStore } from './job-store.js';
import { rowsToResume, scopeOf, updateOf, withResult } from './row-result.js';
import { loadRows, type RunningRows } from './row-writer.js';

/** The dependencies of {@link createJobRunner}. */
export interface JobRunnerParts extends Pick<ApprovalCheckParts, 'onApprovalsHidden'> {
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
  /** How long the rows wait after a failure that concerns all of them, in milliseconds. The last one is the longest. */
  readonly pausesMs?: readonly number[];
  /** How often {@link mayWrite} is called while a job runs, in milliseconds. */
  readonly recheckMs?: number;
  /** The time between two reads of approvals, in milliseconds. */
  readonly approvalIntervalMs?: { readonly shortest: number; readonly longest: number };
}

const defaultPausesMs = [1_000, 5_000, 20_000, 60_000, 120_000, 300_000];
const defaultRecheckMs = 60_000;

/** Why the rows of a run that are left were not sent. */
type Halt = 'cancelled' | 'handed-over' | 'sign-in' | 'pause';

/**
 * Creates the function that works on a job. It sends the rows that wait through the same path as `updateMany`. A row is
 * stored as sent before its request is sent, so that a replica that continues the job reads its outcome first.
 */
export function createJobRunner(parts: JobRunnerParts): RunJob {
  const { store, graph, audit, callerOf, mayWrite, reasonOf, onDefect, onOutcome, onChange } = parts;
  const { pausesMs = defaultPausesMs, recheckMs = defaultRecheckMs, approvalIntervalMs } = parts;
  const checkApprovals = createApprovalCheck(parts);

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
    const stopUnlessAllowed = async () => {
      if (!(await mayWrite(actor))) stop('sign-in');
    };
    const stopListening = onChange(jobId, (part) => {
      if (part !== 'rows') void stopIfCancelled();
    });
    signal.addEventListener('abort', handOver);
    if (signal.aborted) handOver();
    await stopIfCancelled();
    // A job that is being cancelled ends, whether or not its user may write.
    if (halt === undefined) await stopUnlessAllowed().catch(() => stop('pause'));
    const rechecks = setInterval(() => void stopUnlessAllowed().catch(() => undefined), recheckMs);

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
      clearInterval(rechecks);
      stopListening();
      signal.removeEventListener('abort', handOver);
    }
    return halt;
  }

  /**
   * Continues with the rows that have been approved.
   *
   * @returns the job if it is to be run; otherwise, when the approvals are to be read again
   */
  async function continueApproved(
    job: JobRecord,
    rows: RunningRows,
    signal: AbortSignal,
    runNumber: number | undefined,
  ): Promise<JobRecord | number | undefined> {
    const { jobId, actor } = job;
    const before = rows.all().filter(isPendingWithCode).length;
    const isAllowed = await mayWrite(actor).catch(() => undefined);
    const obstacle =
      isAllowed === false ? 'sign-in' : isAllowed && (await checkApprovals(job, rows, callerOf(actor), signal));
    await rows.saveLeft();
    const pending = rows.all().filter(isPendingWithCode).length;
    if (obstacle === 'sign-in') await store.update(jobId, rest('waiting-for-sign-in'), runNumber);
    else if (pending < before) return store.update(jobId, proceed, runNumber);
    return obstacle || pending === 0 ? undefined : approvalDelayMs(job, pending, approvalIntervalMs);
  }

  return async (jobId, signal, runNumber) => {
    const stored = await store.update(jobId, run, runNumber);
    if (stored === undefined || hasEnded(stored) || stored.state === 'waiting-for-sign-in') return undefined;
    const rows = await loadRows(store, jobId, runNumber);
    const job =
      stored.state === 'waiting-for-approval' ? await continueApproved(stored, rows, signal, runNumber) : stored;
    if (job === undefined || typeof job === 'number') return job;
    if (job.state !== 'running' && job.state !== 'cancelling') return undefined;
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
    const rested = await store.update(
      jobId,
      rest(halt === 'sign-in' ? 'waiting-for-sign-in' : isPending ? 'waiting-for-approval' : 'done'),
      runNumber,
    );
    const pending = rows.all().filter(isPendingWithCode).length;
    const mayBeApproved = rested?.state === 'waiting-for-approval' && pending > 0;
    return mayBeApproved ? approvalDelayMs(rested, pending, approvalIntervalMs) : undefined;
  };
}

const waitingRows = (rows: RunningRows) => rows.all().filter(({ outcome }) => outcome === 'waiting');

async function saveAll(rows: RunningRows, changed: readonly JobRow[]): Promise<void> {
  await Promise.all(changed.map((row) => rows.save(row)));
}
