import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { JobChanges } from './job-changes.js';
import { onJobNews } from './job-news.js';
import { type Job, jobQuery, jobsQuery } from './job-queries.js';
import { hasEnded, isActive } from './job-state.js';
import { useShownJob } from './shown-job.js';
import { useWaitingRows } from './use-waiting-rows.js';
import { watchJob } from './watch-job.js';

function subscribeToVisibility(notify: () => void) {
  document.addEventListener('visibilitychange', notify);
  return () => document.removeEventListener('visibilitychange', notify);
}

const none: readonly Job[] = [];

/**
 * Keeps the jobs on the page up to date. It shows nothing, and is mounted once. The shown job, otherwise the latest
 * one that is running, has a stream: a visible tab opens one only, since browsers open at most six connections to a
 * server that speaks HTTP/1.1. The other jobs are polled in one list.
 */
export function JobMonitor() {
  const client = useQueryClient();
  const shownId = useShownJob();
  const isVisible = useSyncExternalStore(subscribeToVisibility, () => document.visibilityState === 'visible');
  const { data: jobs = none } = useInfiniteQuery(jobsQuery);
  const { data: shown } = useQuery({ ...jobQuery(shownId ?? ''), enabled: shownId !== undefined });
  // A job that waits for an administrator is watched only while it is shown.
  const watchedId = shown !== undefined && !hasEnded(shown) ? shown.jobId : jobs.find(isActive)?.jobId;

  useEffect(() => {
    if (!isVisible || watchedId === undefined) return undefined;
    const controller = new AbortController();
    void watchJob(client, watchedId, controller.signal);
    return () => controller.abort();
  }, [client, isVisible, watchedId]);
  useEffect(() => onJobNews(() => void client.invalidateQueries(jobsQuery)), [client]);

  useWaitingRows(jobs);

  const all = shown === undefined ? jobs : [shown, ...jobs.filter(({ jobId }) => jobId !== shown.jobId)];
  return <JobChanges jobs={all} />;
}
