import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import type { RouterOutputs } from '../../client/index.js';
import { trpc } from '../trpc.js';
import { hasEnded, isActive } from './job-state.js';

export type Job = RouterOutputs['updateJob']['get'];
export type JobRow = RouterOutputs['updateJob']['results']['items'][number];
export type RowOutcome = JobRow['outcome'];

const firstPage = undefined as string | undefined;
const cursorOf = ({ nextCursor }: { readonly nextCursor?: string | undefined }) => nextCursor;

/** How often the list of jobs is fetched, in milliseconds. The job that the page watches is not among the reasons. */
const pollIntervalsMs = { active: 5_000, waiting: 30_000, ended: 60_000 } as const;

function pollInterval(jobs: readonly Job[]): number {
  if (jobs.some(isActive)) return pollIntervalsMs.active;
  return jobs.every(hasEnded) ? pollIntervalsMs.ended : pollIntervalsMs.waiting;
}

/** The jobs of all users, newest first. Polled while the page is visible. */
export const jobsQuery = infiniteQueryOptions({
  queryKey: ['jobs'],
  queryFn: ({ pageParam: cursor, signal }) => trpc.updateJob.list.query({ cursor }, { signal }),
  initialPageParam: firstPage,
  getNextPageParam: cursorOf,
  // A job that starts between two requests moves the last job of a page to the next page.
  select: ({ pages }) => [...new Map(pages.flatMap(({ items }) => items).map((job) => [job.jobId, job])).values()],
  refetchInterval: ({ state }) => pollInterval(state.data?.pages.flatMap(({ items }) => items) ?? []),
  staleTime: 2_000,
  refetchOnWindowFocus: true,
});

/** The beginning of the key of each job. */
export const jobKey = ['job'] as const;

/** One job. */
export const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: [...jobKey, jobId],
    queryFn: ({ signal }) => trpc.updateJob.get.query({ jobId }, { signal }),
    staleTime: 2_000,
  });

/** The key of all queries of a job's rows. */
export const jobRowsKey = (jobId: string) => ['jobRows', jobId] as const;

/** The rows of a job with an outcome, or all rows, page by page. */
export const jobRowsQuery = (jobId: string, outcome?: RowOutcome) =>
  infiniteQueryOptions({
    queryKey: [...jobRowsKey(jobId), outcome ?? 'all'],
    queryFn: ({ pageParam: cursor, signal }) => trpc.updateJob.results.query({ jobId, outcome, cursor }, { signal }),
    initialPageParam: firstPage,
    getNextPageParam: cursorOf,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    staleTime: 2_000,
  });

/** Fetches the rows of a job with an outcome, or all rows. */
export async function fetchRows(jobId: string, outcome?: RowOutcome, signal?: AbortSignal): Promise<readonly JobRow[]> {
  const rows: JobRow[] = [];
  let cursor = firstPage;
  do {
    const page = await trpc.updateJob.results.query({ jobId, outcome, cursor }, signal && { signal });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}

/** Puts the latest state of a job into the cache: that of the job, and that of the list. */
export function cacheJob(client: QueryClient, job: Job): void {
  const { queryKey } = jobQuery(job.jobId);
  // A request that is still in progress may have read an older state.
  void client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, job);
  client.setQueryData(
    jobsQuery.queryKey,
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.map((each) => (each.jobId === job.jobId ? job : each)),
        })),
      },
  );
}
