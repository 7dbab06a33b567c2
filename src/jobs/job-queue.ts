import { setMaxListeners } from 'node:events';

/**
 * Works on a job until it has ended, waits for a user, or is handed over.
 *
 * @param signal aborts when the work is to be handed over: rows that were sent are completed, and no others are sent
 * @param runNumber the number of this run of the job. Only the latest one can write to the store
 * @returns the delay before the next run, in milliseconds; `undefined` if only {@link JobQueue.add} runs the job again
 */
export type RunJob = (jobId: string, signal: AbortSignal, runNumber?: number) => Promise<number | undefined>;

/** Decides where and when jobs run. Two replicas never run one job at the same time. */
export interface JobQueue {
  /** Runs the job as soon as possible, on any replica. A job that is running is run once more. */
  add(jobId: string): Promise<void>;
  /** Starts to run jobs. */
  start(run: RunJob): void;
  /** Hands over the running jobs, and waits until they have stopped. */
  stop(): Promise<void>;
}

/** The longest delay of a timer. A job that is run too early has nothing to do, and is delayed again. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Creates a queue that runs every job in this process, immediately.
 *
 * @param onError called if the work on a job fails
 */
export function createMemoryJobQueue(onError: (error: unknown) => void): JobQueue {
  const stopping = new AbortController();
  // Each running job adds one listener.
  setMaxListeners(0, stopping.signal);
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const delayed = new Map<string, NodeJS.Timeout>();
  let runJob: RunJob | undefined;

  async function work(jobId: string): Promise<void> {
    let delayMs: number | undefined;
    do {
      again.delete(jobId);
      try {
        delayMs = await runJob?.(jobId, stopping.signal);
      } catch (error) {
        delayMs = undefined;
        onError(error);
      }
    } while (again.has(jobId) && !stopping.signal.aborted);
    running.delete(jobId);
    if (delayMs !== undefined && !stopping.signal.aborted) delay(jobId, delayMs);
  }

  function delay(jobId: string, delayMs: number): void {
    const timer = setTimeout(() => start(jobId), Math.min(delayMs, maxTimerMs));
    timer.unref();
    delayed.set(jobId, timer);
  }

  function start(jobId: string): void {
    clearTimeout(delayed.get(jobId));
    delayed.delete(jobId);
    running.set(jobId, work(jobId));
  }

  return {
    async add(jobId) {
      if (stopping.signal.aborted) return;
      if (running.has(jobId)) again.add(jobId);
      else start(jobId);
    },
    start(run) {
      runJob = run;
    },
    async stop() {
      stopping.abort();
      for (const timer of delayed.values()) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
