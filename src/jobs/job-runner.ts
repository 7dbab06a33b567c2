import { setTimeout as sleep } from 'node:timers/promises';
import { type ApprovalCheckParts, approvalDelayMs, createApprovalCheck, isPendingWithCode } from './approval-check.js';
import type { JobRecord, JobRow } from './job.js';
import type { RunJob } from './job-queue.js';
import { abandon, hasEnded, isWaiting, proceed, rest, resumed, run } from './job-state.js';
import { rowsToResume } from './row-result.js';
import { createRowSender, type Halt, type RowSenderParts } from './row-sender.js';
import { loadRows, type RunningRows } from './row-writer.js';

/** The dependencies of {@link createJobRunner}. */
export interface JobRunnerParts extends RowSenderParts, Pick<ApprovalCheckParts, 'onApprovalsHidden'> {
  /** The pauses after consecutive failures that concern all rows, in milliseconds. The last one is repeated. */
  readonly pausesMs?: readonly number[];
  /** The time between two reads of approvals, in milliseconds. */
  readonly approvalIntervalMs?: { readonly shortest: number; readonly longest: number };
  /** How long a job waits for approval or sign-in before it ends, in milliseconds. */
  readonly maxWaitMs?: number;
}

/** A day longer than Graph keeps an approval request. */
const defaultMaxWaitMs = 31 * 86_400_000;

const defaultPausesMs = [1_000, 5_000, 20_000, 60_000, 120_000, 300_000];

/**
 * Creates the function that works on a job: it sends the rows that wait, continues those that have been approved, and
 * stores the resulting state.
 */
export function createJobRunner(parts: JobRunnerParts): RunJob {
  const { store, callerOf, mayWrite, onOutcome, onChange, pausesMs = defaultPausesMs, approvalIntervalMs } = parts;
  const { maxWaitMs = defaultMaxWaitMs } = parts;
  const sendRows = createRowSender(parts);
  const checkApprovals = createApprovalCheck(parts);

  /** Waits before the rows are sent or stored again. A change of the job, such as its cancellation, ends the wait. */
  async function pause(
    jobId: string,
    pauseMs: number | undefined,
    halt: Halt | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const waking = new AbortController();
    const wake = () => waking.abort();
    const stopListening = onChange(jobId, (part) => {
      if (part !== 'rows') wake();
    });
    signal.addEventListener('abort', wake);
    const current = await store.get(jobId).catch(() => undefined);
    // A cancellation that has halted the rows already only waits for the store.
    if (signal.aborted || (current?.state === 'cancelling' && halt !== 'cancelled')) wake();
    await sleep(pauseMs, undefined, { signal: waking.signal }).catch(() => undefined);
    signal.removeEventListener('abort', wake);
    stopListening();
  }

  /** The time until a job has waited for too long, or until an earlier check; `undefined` if it does not wait. */
  function nextRunMs(job: JobRecord | undefined, checkMs = Number.POSITIVE_INFINITY): number | undefined {
    if (job === undefined || !isWaiting(job)) return undefined;
    return Math.min(checkMs, Math.max(0, job.changedAtMs + maxWaitMs - Date.now()));
  }

  /** Ends a job that has waited too long. Its rows that wait for approval keep their outcome. */
  async function end(jobId: string, rows: RunningRows, runNumber: number | undefined): Promise<void> {
    await endRows(rows);
    await store.update(jobId, abandon, runNumber);
  }

  /** Sets the outcome of the rows that still wait. */
  async function endRows(rows: RunningRows): Promise<void> {
    const ended = waitingRows(rows).map((row): JobRow => ({ ...row, outcome: row.isSent ? 'unknown' : 'not-sent' }));
    for (const { outcome } of ended) onOutcome(outcome);
    await saveAll(rows, ended);
  }

  /**
   * Continues with the rows that have been approved.
   *
   * @returns the job if it has rows to send; otherwise the delay before the next check
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
    if (obstacle === 'sign-in') return nextRunMs(await store.update(jobId, rest('waiting-for-sign-in'), runNumber));
    if (pending < before) return store.update(jobId, proceed, runNumber);
    const checkMs = obstacle || pending === 0 ? undefined : approvalDelayMs(job, pending, approvalIntervalMs);
    return nextRunMs(job, checkMs);
  }

  /** @returns the delay before the next run, if any */
  async function work(
    stored: JobRecord,
    rows: RunningRows,
    signal: AbortSignal,
    runNumber: number | undefined,
  ): Promise<number | undefined> {
    const { jobId } = stored;
    const job =
      stored.state === 'waiting-for-approval' ? await continueApproved(stored, rows, signal, runNumber) : stored;
    if (job === undefined || typeof job === 'number') return job;
    if (job.state !== 'running' && job.state !== 'cancelling') return undefined;
    // A job that is being cancelled sends nothing again: its rows keep their outcomes.
    if (job.isResumed && job.state === 'running') {
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
      await pause(jobId, pausesMs[pauses], halt, signal);
    }
    await rows.saveLeft();
    // After a pause, the work has stopped because it is to be handed over.
    if (halt === 'handed-over' || halt === 'pause') return undefined;
    if (halt === 'cancelled') {
      if (waitingRows(rows).some(({ isSent }) => isSent)) await sendRows(job, rows, signal, true);
      await rows.saveLeft();
      // Another process reads the outcomes that this one could not read.
      if (signal.aborted && waitingRows(rows).some(({ isSent }) => isSent)) return undefined;
      await endRows(rows);
    }
    const isPending = rows.all().some(({ outcome }) => outcome === 'pending-approval');
    const rested = await store.update(
      jobId,
      rest(halt === 'sign-in' ? 'waiting-for-sign-in' : isPending ? 'waiting-for-approval' : 'done'),
      runNumber,
    );
    const pending = rows.all().filter(isPendingWithCode).length;
    const mayBeApproved = rested?.state === 'waiting-for-approval' && pending > 0;
    return nextRunMs(rested, mayBeApproved ? approvalDelayMs(rested, pending, approvalIntervalMs) : undefined);
  }

  return async (jobId, signal, runNumber) => {
    const stored = await store.update(jobId, run, runNumber);
    if (stored === undefined || hasEnded(stored)) return undefined;
    const remainingMs = nextRunMs(stored);
    if (stored.state === 'waiting-for-sign-in' && remainingMs !== 0) return remainingMs;
    const rows = await loadRows(store, jobId, runNumber);
    if (remainingMs === 0) {
      await end(jobId, rows, runNumber);
      return undefined;
    }
    // Redis can fail over to a server that lacks the latest writes.
    const stopListening = onChange(jobId, (part) => {
      if (part !== 'rows') rows.saveAgain();
    });
    try {
      return await work(stored, rows, signal, runNumber);
    } finally {
      stopListening();
    }
  };
}

const waitingRows = (rows: RunningRows) => rows.all().filter(({ outcome }) => outcome === 'waiting');

async function saveAll(rows: RunningRows, changed: readonly JobRow[]): Promise<void> {
  await Promise.all(changed.map((row) => rows.save(row)));
}
