import { setTimeout as sleep } from 'node:timers/promises';
import { CallError } from '../errors.js';
import { type ApprovalCheckParts, approvalDelayMs, createApprovalCheck, isPendingWithCode } from './approval-check.js';
import type { JobRecord, JobRow } from './job.js';
import type { RunJob } from './job-queue.js';
import { abandon, hasEnded, isActive, isWaiting, type JobChange, proceed, rest, resumed, run } from './job-state.js';
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

  /**
   * Waits before the rows are sent or stored again. A change of the job, such as its cancellation, ends the wait.
   *
   * @param pauses the number of consecutive pauses before this one
   * @param halt why the rows were halted. `cancelled`: the wait does not end because the job is being cancelled
   */
  async function pause(jobId: string, pauses: number, halt: Halt | undefined, signal: AbortSignal): Promise<void> {
    const pauseMs = pausesMs[Math.min(pauses, pausesMs.length - 1)];
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

  /**
   * Stores the rows, then the state that results from them. If the store fails over meanwhile, it may have lost rows:
   * then both are stored once more.
   */
  async function saveState(
    jobId: string,
    rows: RunningRows,
    change: JobChange,
    signal: AbortSignal,
    runNumber: number | undefined,
  ): Promise<JobRecord | undefined> {
    for (let pauses = 0; ; pauses++) {
      try {
        let job: JobRecord | undefined;
        do {
          await rows.saveLeft();
          job = await store.update(jobId, change, runNumber);
        } while (rows.hasLeft());
        return job;
      } catch (error) {
        // Only this run knows the outcomes of its rows.
        if (signal.aborted || !(error instanceof CallError)) throw error;
      }
      await pause(jobId, pauses, 'cancelled', signal);
    }
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
    const isOverdue = nextRunMs(stored) === 0;
    const job =
      stored.state === 'waiting-for-approval' ? await continueApproved(stored, rows, signal, runNumber) : stored;
    if (isOverdue && (typeof job !== 'object' || !isActive(job))) {
      // Its rows that wait for approval keep their outcome.
      await endRows(rows);
      await saveState(jobId, rows, abandon, signal, runNumber);
      return undefined;
    }
    if (job === undefined || typeof job === 'number') return job;
    if (job.state !== 'running' && job.state !== 'cancelling') return undefined;
    // A job that is being cancelled sends nothing again: its rows keep their outcomes.
    if (job.isResumed && job.state === 'running') {
      await saveAll(rows, rowsToResume(rows.all()));
      await store.update(jobId, resumed, runNumber);
    }
    let halt: Halt | undefined;
    let isCancelled = false;
    for (let pauses = 0; ; ) {
      const before = waitingRows(rows).length;
      halt = await sendRows(job, rows, signal, { readOnly: isCancelled });
      const isStored = await rows.saveLeft().then(
        () => true,
        () => false,
      );
      isCancelled ||= halt === 'cancelled';
      // A cancelled job still reads the outcomes of the rows that an earlier process has sent.
      const isUnread = halt === 'cancelled' && hasSentRows(rows);
      if (signal.aborted || (halt !== 'pause' && isStored && !isUnread)) break;
      if (isUnread && isStored) continue;
      pauses = waitingRows(rows).length < before ? 0 : pauses + 1;
      await pause(jobId, pauses, isCancelled ? 'cancelled' : halt, signal);
    }
    await rows.saveLeft();
    // After a pause, the work has stopped because it is to be handed over.
    if (halt === 'handed-over' || halt === 'pause') return undefined;
    if (isCancelled) {
      // Another process reads the outcomes that this one could not read.
      if (signal.aborted && hasSentRows(rows)) return undefined;
      await endRows(rows);
    }
    const isPending = rows.all().some(({ outcome }) => outcome === 'pending-approval');
    const state = halt === 'sign-in' ? 'waiting-for-sign-in' : isPending ? 'waiting-for-approval' : 'done';
    const rested = await saveState(jobId, rows, rest(state), signal, runNumber);
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
    // Redis can fail over to a server that lacks the latest writes.
    const stopListening = onChange(jobId, (part) => {
      if (part === 'reconnected') rows.saveAgain();
    });
    try {
      return await work(stored, rows, signal, runNumber);
    } finally {
      stopListening();
    }
  };
}

const waitingRows = (rows: RunningRows) => rows.all().filter(({ outcome }) => outcome === 'waiting');

const hasSentRows = (rows: RunningRows) => waitingRows(rows).some(({ isSent }) => isSent);

async function saveAll(rows: RunningRows, changed: readonly JobRow[]): Promise<void> {
  await Promise.all(changed.map((row) => rows.save(row)));
}
