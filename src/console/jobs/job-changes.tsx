import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type LocalChange, useLocalChanges } from '../local-changes.js';
import { trpc } from '../trpc.js';
import { fetchRows, type Job, type JobRow, jobsQuery } from './job-queries.js';
import { isActive, versionOf } from './job-state.js';
import { useThrottled } from './use-throttled.js';

/** How often the new results of a running job are fetched, in milliseconds. */
const intervalMs = 5_000;

/**
 * The jobs that can have changed rows after this page fetched its lists: those that were active, have changed, or were
 * started since the list of jobs was fetched for the first time.
 */
function useRecentJobs(jobs: readonly Job[]): readonly Job[] {
  const { data: listed } = useInfiniteQuery(jobsQuery);
  const [since, setSince] = useState<string>();
  /** The version of each job when it was seen first; `undefined` if it was active. */
  const [firstVersions, setFirstVersions] = useState<ReadonlyMap<string, string | undefined>>(new Map());
  if (since === undefined && listed !== undefined) setSince(listed[0]?.startedAt ?? '');
  const unseen = jobs.filter(({ jobId }) => !firstVersions.has(jobId));
  if (unseen.length > 0) {
    const added = unseen.map((job) => [job.jobId, isActive(job) ? undefined : versionOf(job)] as const);
    setFirstVersions(new Map([...firstVersions, ...added]));
  }
  return jobs.filter((job) => {
    const { jobId, startedAt } = job;
    const hasChanged = firstVersions.has(jobId) && firstVersions.get(jobId) !== versionOf(job);
    return hasChanged || (since !== undefined && startedAt > since);
  });
}

/**
 * Updates the lists of states with the results of the jobs that run while the page is open. The lists are not fetched
 * again: that would take many of Graph's requests.
 */
export function JobChanges({ jobs }: { readonly jobs: readonly Job[] }) {
  return useRecentJobs(jobs).map((job) => <ChangesOfJob key={job.jobId} job={job} />);
}

function ChangesOfJob({ job }: { readonly job: Job }) {
  const { jobId } = job;
  const client = useQueryClient();
  const localChanges = useLocalChanges();
  const latest = useRef(localChanges);
  const shown = useRef(new Set<number>());
  const cursor = useRef<string>(undefined);
  const fetchedAt = useRef(Date.now());
  useEffect(() => {
    latest.current = localChanges;
  });
  const isFinal = !isActive(job);
  const version = useThrottled(versionOf(job), intervalMs, isFinal);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version triggers the effect
  useEffect(() => {
    if (client.getQueryCache().find({ queryKey: ['userStates'], exact: false }) === undefined) return undefined;
    const controller = new AbortController();
    /** Shows the values of rows, but not in place of a change that was made here since the results before these. */
    const show = (rows: readonly JobRow[], since: number) => {
      const changes = rows.filter(({ index }) => !shown.current.has(index)).flatMap((row) => changeAfter(row));
      latest.current.set(changes.filter(([row]) => (latest.current.get(row)?.updatedAt ?? 0) <= since));
      for (const { index, userState } of rows) if (userState !== undefined) shown.current.add(index);
    };
    async function update(signal: AbortSignal): Promise<void> {
      const since = fetchedAt.current;
      fetchedAt.current = Date.now();
      if (isFinal) return show(await fetchRows(jobId, undefined, signal), since);
      for (let isLast = false; !isLast && !signal.aborted; ) {
        const input = { jobId, outcome: 'applied', cursor: cursor.current } as const;
        const page = await trpc.updateJob.results.query(input, { signal });
        show(page.items, since);
        // Rows can have their outcomes in another order. The last fetch shows those that come late.
        if (page.nextCursor === undefined) isLast = true;
        else cursor.current = page.nextCursor;
      }
    }
    // A refreshed list shows what could not be fetched.
    void update(controller.signal).catch(() => undefined);
    return () => controller.abort();
  }, [client, jobId, isFinal, version]);
  return null;
}

/** The change of a list that the result of a row leads to, if any. */
function changeAfter(row: JobRow): readonly (readonly [JobRow, LocalChange])[] {
  const values = row.userState ?? row.error?.data.current;
  const updatedAt = Date.now();
  if (row.outcome === 'unknown') return [[row, { updatedAt, status: 'unknown' }]];
  return values === undefined ? [] : [[row, { updatedAt, values }]];
}
