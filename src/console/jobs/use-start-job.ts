import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RouterInputs } from '../../client/index.js';
import { failureOf } from '../failure.js';
import { retryUnreachable } from '../retry.js';
import { trpc } from '../trpc.js';
import { useUnloadGuard } from '../unload-guard.js';
import { announceJobs } from './job-news.js';

/** A job to start. The key makes a repeated start harmless. */
export type NewJob = RouterInputs['updateJob']['start'] & { readonly key: string };

/** Starts jobs, one after the other. While it does, leaving the page would lose the rows. */
export function useStartJobs(onStarted: (jobIds: readonly string[]) => void) {
  const client = useQueryClient();
  const start = useMutation({
    async mutationFn(jobs: readonly NewJob[]) {
      const jobIds: string[] = [];
      // In this order: a later job can write to the same state.
      for (const job of jobs) jobIds.push((await trpc.updateJob.start.mutate(job)).jobId);
      return jobIds;
    },
    // A lost response says nothing about the job. With its key, the next attempt starts it only if this one did not.
    retry: retryUnreachable,
    retryDelay: 1_000,
    onSuccess: onStarted,
    onSettled: () => void announceJobs(client),
  });
  const { isPending } = start;
  useUnloadGuard(isPending);
  return {
    start: (jobs: readonly NewJob[]) => isPending || start.mutate(jobs),
    isPending,
    failure: start.isError ? failureOf(start.error, { isRepeatable: true }) : undefined,
  };
}
