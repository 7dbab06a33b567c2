import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { trpc } from '../trpc.js';
import { fetchRows, type Job, type JobRow, jobRowsKey } from './job-queries.js';
import { isActive, versionOf } from './job-state.js';
import { useThrottled } from './use-throttled.js';

/** How often the rows of a running job are fetched, in milliseconds. */
const intervalMs = 5_000;

/** Fetches the rows of a job again when they change: at most every five seconds, and when it stops. */
export function useFreshRows(job: Job): void {
  const client = useQueryClient();
  const { jobId } = job;
  const version = useThrottled(versionOf(job), intervalMs, !isActive(job));
  const fetched = useRef(version);
  useEffect(() => {
    if (fetched.current === version) return;
    fetched.current = version;
    void client.invalidateQueries({ queryKey: jobRowsKey(jobId) });
  }, [client, jobId, version]);
}

const none: readonly JobRow[] = [];

/** The rows that have failed, or whose outcome is unknown; while the job runs, the first of them. */
export function useFailedRows(job: Job): readonly JobRow[] {
  const { jobId, counts } = job;
  const isRunning = isActive(job);
  const query = useQuery({
    queryKey: [...jobRowsKey(jobId), 'failures', isRunning],
    queryFn: async ({ signal }) => {
      const outcomes = (['rejected', 'unknown'] as const).filter((outcome) => counts[outcome] > 0);
      const pages = await Promise.all(
        outcomes.map(async (outcome) =>
          isRunning
            ? (await trpc.updateJob.results.query({ jobId, outcome }, { signal })).items
            : fetchRows(jobId, outcome, signal),
        ),
      );
      return pages.flat();
    },
    enabled: counts.rejected + counts.unknown > 0,
    placeholderData: (before) => before,
  });
  return counts.rejected + counts.unknown > 0 ? (query.data ?? none) : none;
}
