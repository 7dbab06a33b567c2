import { useQueries } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useLocalChanges } from '../local-changes.js';
import { fetchRows, type Job, jobRowsKey } from './job-queries.js';

/** The rows of a job that wait for approval. */
const waitingRowsQuery = ({ jobId, counts }: Job) => ({
  queryKey: [...jobRowsKey(jobId), 'waiting', counts['pending-approval']],
  queryFn: async ({ signal }: { readonly signal: AbortSignal }) =>
    (await fetchRows(jobId, 'pending-approval', signal)).map((row) => ({ ...row, jobId })),
});

/** Shows which states have changes that wait for approval, whichever tab or user started their jobs. */
export function useWaitingRows(jobs: readonly Job[]): void {
  const { setWaiting } = useLocalChanges();
  const rows = useQueries({
    queries: jobs
      .filter(({ state, counts }) => counts['pending-approval'] > 0 && state !== 'cancelled' && state !== 'cancelling')
      .map(waitingRowsQuery),
    combine: (results) => results.flatMap(({ data = [] }) => data),
  });
  useEffect(() => setWaiting(rows), [rows, setWaiting]);
}
