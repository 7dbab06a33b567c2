import type { JobActor, JobRecord, JobState } from './job.js';

/** A change of a job. Returns `undefined` if the job stays as it is. */
export type JobChange = (job: JobRecord) => JobRecord | undefined;

/** Whether a replica works on a job in this state, or is about to. */
export const isActive = ({ state }: Pick<JobRecord, 'state'>): boolean =>
  state === 'queued' || state === 'running' || state === 'cancelling';

/** Whether the job has ended. It can still be resumed. */
export const hasEnded = ({ state }: Pick<JobRecord, 'state'>): boolean => state === 'done' || state === 'cancelled';

/** Changes the state. */
function withState(job: JobRecord, state: JobState): JobRecord {
  const now = Date.now();
  return { ...job, state, changedAtMs: now, endedAt: hasEnded({ state }) ? new Date(now).toISOString() : undefined };
}

/** A replica starts to work on the job, or continues the work of one that has died. */
export const run: JobChange = (job) => (job.state === 'queued' ? withState(job, 'running') : undefined);

/** No further row is to be sent. */
export const cancel: JobChange = (job) =>
  hasEnded(job) || job.state === 'cancelling' ? undefined : withState(job, 'cancelling');

/** The rows without a final outcome are to be sent again. A job that is active continues as it is. */
export const resume =
  (actor: JobActor): JobChange =>
  (job) =>
    isActive(job) ? undefined : { ...withState(job, 'queued'), actor, isResumed: true };

/** The rows to be sent again wait. */
export const resumed: JobChange = (job) => (job.isResumed ? { ...job, isResumed: undefined } : undefined);

/** Rows of a job that waits have been approved, or cannot be approved any more. */
export const proceed: JobChange = (job) =>
  job.state === 'waiting-for-approval' ? withState(job, 'running') : undefined;

/** The work has stopped. A job that was cancelled meanwhile is `cancelled`, unless rows wait that were to be cancelled. */
export const rest =
  (state: Extract<JobState, 'waiting-for-approval' | 'waiting-for-sign-in' | 'done'>): JobChange =>
  (job) => {
    if (job.state === 'running') return withState(job, state);
    // Only a reason to wait for something else changes a job that has rested.
    if (job.state === 'waiting-for-approval' && state === 'waiting-for-sign-in') return withState(job, state);
    return job.state === 'cancelling' && job.counts.waiting === 0 ? withState(job, 'cancelled') : undefined;
  };
