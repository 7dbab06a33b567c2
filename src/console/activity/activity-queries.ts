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

/** A write, or all writes of a job. */
export interface ActivityEntry {
  /** The latest write. */
  readonly latest: Activity;
  readonly activities: readonly Activity[];
}

/** Groups the writes of each job at the position of the latest one: a job can have thousands, which its page lists. */
export function joinJobs(activities: readonly Activity[]): readonly ActivityEntry[] {
  const entries = new Map<string, { latest: Activity; activities: Activity[] }>();
  for (const [index, activity] of activities.entries()) {
    const key = activity.jobId ?? String(index);
    const entry = entries.get(key);
    if (entry === undefined) entries.set(key, { latest: activity, activities: [activity] });
    else entry.activities.push(activity);
  }
  return [...entries.values()];
}
