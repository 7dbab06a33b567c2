import { setMaxListeners } from 'node:events';

/**
 * Works on a job until it rests.
 *
 * @param signal aborts when the work is to be handed over: what has been sent is completed, and nothing else is sent
 */
export type RunJob = (jobId: string, signal: AbortSignal) => Promise<void>;

/** Decides where and when jobs run. Two replicas never run one job at the same time. */
export interface JobQueue {
  /** Makes a replica run the job, again if it is running. */
  add(jobId: string): Promise<void>;
  /** Starts to run jobs. */
  start(run: RunJob): void;
  /** Hands the running jobs over, and waits until they have stopped. */
  stop(): Promise<void>;
}

/** Creates a queue that runs every job in this process, immediately. @param onError called if the work on a job fails */
export function createMemoryJobQueue(onError: (error: unknown) => void): JobQueue {
  const stopping = new AbortController();
  // One for each job that runs.
  setMaxListeners(0, stopping.signal);
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let runJob: RunJob | undefined;

  async function work(jobId: string): Promise<void> {
    do {
      again.delete(jobId);
      try {
        await runJob?.(jobId, stopping.signal);
      } catch (error) {
        onError(error);
      }
    } while (again.has(jobId) && !stopping.signal.aborted);
    running.delete(jobId);
  }

  return {
    async add(jobId) {
      if (stopping.signal.aborted) return;
      if (running.has(jobId)) again.add(jobId);
      else running.set(jobId, work(jobId));
    },
    start(run) {
      runJob = run;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}
