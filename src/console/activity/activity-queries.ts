import { infiniteQueryOptions } from '@tanstack/react-query';
import type { RouterOutputs } from '../../client/index.js';
import { trpc } from '../trpc.js';

export type Activity = RouterOutputs['activity']['list']['items'][number];

/** The latest writes of all people, newest first. */
export const activityQuery = infiniteQueryOptions({
  queryKey: ['activity'],
  queryFn: ({ pageParam: cursor, signal }) => trpc.activity.list.query({ cursor }, { signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ nextCursor }) => nextCursor,
  select: ({ pages }) => pages.flatMap(({ items }) => items),
  staleTime: 2_000,
  refetchOnWindowFocus: true,
  refetchInterval: 60_000,
});

/** A write, or writes of one job that follow each other. */
export interface ActivityEntry {
  /** The latest of them. */
  readonly latest: Activity;
  readonly count: number;
}

/** Joins the writes of a job that follow each other: a job has thousands, and a list of their own. */
export function joinJobs(activities: readonly Activity[]): readonly ActivityEntry[] {
  const entries: { latest: Activity; count: number }[] = [];
  for (const activity of activities) {
    const last = entries.at(-1);
    if (last !== undefined && activity.jobId !== undefined && last.latest.jobId === activity.jobId) last.count++;
    else entries.push({ latest: activity, count: 1 });
  }
  return entries;
}
