import type { QueryClient } from '@tanstack/react-query';
import { jobKey, jobsQuery } from './job-queries.js';

/** The name of the channel that reaches all tabs of this origin in one browser. */
const channelName = 'jobs';

/**
 * Fetches the list of jobs again, on all tabs: this one has started or changed a job. The job that it shows is fetched
 * too, because its stream may have delivered a later state than the response to the change.
 *
 * @returns when this tab has the current state of the jobs
 */
export async function announceJobs(client: QueryClient): Promise<void> {
  const channel = new BroadcastChannel(channelName);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin only
  channel.postMessage('changed');
  channel.close();
  await Promise.all([client.invalidateQueries(jobsQuery), client.invalidateQueries({ queryKey: jobKey })]);
}

/** Calls `notify` when another tab has started or changed a job. @returns a function that stops it */
export function onJobNews(notify: () => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', notify);
  return () => channel.close();
}
