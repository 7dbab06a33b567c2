import { infiniteQueryOptions } from '@tanstack/react-query';
import type { RouterOutputs } from '../../client/index.js';
import { trpc } from '../trpc.js';

export type Activity = RouterOutputs['activity']['list']['items'][number];

/** The latest writes of all users, newest first. Not polled: the call would extend the session of an inactive user. */
export const activityQuery = infiniteQueryOptions({
  queryKey: ['activity'],
  queryFn: ({ pageParam: cursor, signal }) => trpc.activity.list.query({ cursor }, { signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ nextCursor }) => nextCursor,
  select: ({ pages }) => pages.flatMap(({ items }) => items),
  staleTime: 2_000,
  refetchOnWindowFocus: true,
});

/** A write, or consecutive writes of one job. */
export interface ActivityEntry {
  /** The latest write. */
  readonly latest: Activity;
  readonly count: number;
}

/** Groups consecutive writes of one job: a job can have thousands, which its own page lists. */
export function joinJobs(activities: readonly Activity[]): readonly ActivityEntry[] {
  const entries: { latest: Activity; count: number }[] = [];
  for (const activity of activities) {
    const last = entries.at(-1);
    if (last !== undefined && activity.jobId !== undefined && last.latest.jobId === activity.jobId) last.count++;
    else entries.push({ latest: activity, count: 1 });
  }
  return entries;
}
