import type { QueryClient } from '@tanstack/react-query';
import { failureOf } from '../failure.js';
import { trpc } from '../trpc.js';
import { cacheJob, jobQuery } from './job-queries.js';
import { hasEnded } from './job-state.js';

/** The pauses before a broken stream is opened again, in milliseconds. The last one is repeated. */
const pausesMs = [500, 2_000, 5_000, 10_000];

/**
 * Keeps a job in the cache up to date by its stream, until it has ended. A broken stream is opened again: it starts with
 * the job as it is, so that nothing is lost. Never rejects.
 */
export async function watchJob(client: QueryClient, jobId: string, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const job of await trpc.updateJob.watch.query({ jobId }, { signal })) {
        failures = 0;
        if (signal.aborted) return;
        cacheJob(client, job);
        if (hasEnded(job)) return;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      // The query reports that there is no such job.
      if (failureOf(thrown).reason === 'INVALID_INPUT') return void client.invalidateQueries(jobQuery(jobId));
    }
    await pause(pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? 0, signal);
  }
}

/** Resolves after some time, or when it is aborted or the browser is online again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      window.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    window.addEventListener('online', done);
  });
}
