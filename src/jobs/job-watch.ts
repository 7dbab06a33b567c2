import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRecord } from './job.js';
import { hasEnded } from './job-state.js';
import type { ChangedPart, JobStore } from './job-store.js';

/** Follows jobs that change. */
export interface JobWatch {
  /** Calls back when a job changes. @returns removes the listener */
  readonly onChange: (jobId: string, listener: (part: ChangedPart) => void) => () => void;
  /** The current job, then the job after each change. Ends with the job, its deletion, the signal, or the watch. */
  records(jobId: string, signal: AbortSignal | undefined): AsyncGenerator<JobRecord, void>;
  /** Ends all streams. */
  stop(): void;
}

/** How long a stream waits after each item, in milliseconds, to combine changes. */
const intervalMs = 100;

interface WatchedJob {
  readonly listeners: Set<(part: ChangedPart) => void>;
  /** The number of its changes. */
  changes: number;
  /** The job after its last change, once a stream has read it. */
  latest: Promise<JobRecord | undefined> | undefined;
}

/**
 * Follows the jobs of a store with one subscription. A stream reads its job once at the start. After a change, all
 * streams of the job share one read, and a slow reader receives the latest state only.
 */
export function createJobWatch(store: Pick<JobStore, 'get' | 'onChange'>): JobWatch {
  const watched = new Map<string, WatchedJob>();
  /** Wakes each stream. */
  const streams = new Set<() => void>();
  let isStopped = false;

  function notifyAll(job: WatchedJob, part: ChangedPart): void {
    job.changes++;
    job.latest = undefined;
    for (const listener of job.listeners) listener(part);
  }

  store.onChange((jobId, part) => {
    for (const [id, job] of watched) if (jobId === undefined || jobId === id) notifyAll(job, part);
  });

  function join(jobId: string): WatchedJob {
    const job = watched.get(jobId) ?? { listeners: new Set(), changes: 0, latest: undefined };
    watched.set(jobId, job);
    return job;
  }

  function listen(jobId: string, job: WatchedJob, listener: (part: ChangedPart) => void): () => void {
    job.listeners.add(listener);
    return () => {
      job.listeners.delete(listener);
      if (job.listeners.size === 0 && watched.get(jobId) === job) watched.delete(jobId);
    };
  }

  function read(jobId: string, job: WatchedJob): Promise<JobRecord | undefined> {
    const reading = store.get(jobId);
    const { changes } = job;
    job.latest = reading;
    reading.catch(() => {
      if (job.changes === changes) job.latest = undefined;
    });
    return reading;
  }

  async function* records(jobId: string, signal: AbortSignal | undefined): AsyncGenerator<JobRecord, void> {
    const job = join(jobId);
    let wake: (() => void) | undefined;
    const notify = () => wake?.();
    const stopListening = listen(jobId, job, notify);
    streams.add(notify);
    signal?.addEventListener('abort', notify);
    const isOver = () => isStopped || signal?.aborted === true;
    try {
      let seen = job.changes;
      let record = await read(jobId, job);
      while (record !== undefined) {
        yield record;
        if (hasEnded(record)) return;
        await sleep(intervalMs);
        if (job.changes === seen && !isOver()) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (isOver()) return;
        seen = job.changes;
        record = await (job.latest ?? read(jobId, job));
      }
    } finally {
      stopListening();
      streams.delete(notify);
      signal?.removeEventListener('abort', notify);
    }
  }

  return {
    onChange: (jobId, listener) => listen(jobId, join(jobId), listener),
    records,
    stop() {
      isStopped = true;
      for (const notify of streams) notify();
    },
  };
}
