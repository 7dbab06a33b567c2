import type { JobActor, JobRecord, JobState } from './job.js';

/** A change of a job. Returns `undefined` if the job stays as it is. */
export type JobChange = (job: JobRecord) => JobRecord | undefined;

/** Whether a replica works on a job in this state, or is about to. */
export const isActive = ({ state }: Pick<JobRecord, 'state'>): boolean =>
  state === 'queued' || state === 'running' || state === 'cancelling';

/** Whether the job has ended. It can still be resumed. */
export const hasEnded = ({ state }: Pick<JobRecord, 'state'>): boolean => state === 'done' || state === 'cancelled';

/** Whether the job waits for a user, and no replica works on it. */
export const isWaiting = (job: Pick<JobRecord, 'state'>): boolean => !isActive(job) && !hasEnded(job);

/** Changes the state. */
function withState(job: JobRecord, state: JobState): JobRecord {
  const now = Date.now();
  return { ...job, state, changedAtMs: now, endedAt: hasEnded({ state }) ? new Date(now).toISOString() : undefined };
}

/** A replica starts or continues the work on the job. */
export const run: JobChange = (job) => (job.state === 'queued' ? withState(job, 'running') : undefined);

/** No further row is to be sent. */
export const cancel: JobChange = (job) =>
  hasEnded(job) || job.state === 'cancelling' ? undefined : withState(job, 'cancelling');

/** The rows without a final outcome will be sent again. An active job does not change. */
export const resume =
  (actor: JobActor): JobChange =>
  (job) =>
    isActive(job) ? undefined : { ...withState(job, 'queued'), actor, isResumed: true };

/** The rows to send again have been selected. */
export const resumed: JobChange = (job) => (job.isResumed ? { ...job, isResumed: undefined } : undefined);

/** Rows of a waiting job have been approved, or can no longer be approved. */
export const proceed: JobChange = (job) =>
  job.state === 'waiting-for-approval' ? withState(job, 'running') : undefined;

/** The job has waited too long for an approval or a sign-in. */
export const abandon: JobChange = (job) => (isWaiting(job) ? withState(job, 'done') : undefined);

/** The work has stopped. A job in the state `cancelling` becomes `cancelled`, unless rows still wait. */
export const rest =
  (state: Extract<JobState, 'waiting-for-approval' | 'waiting-for-sign-in' | 'done'>): JobChange =>
  (job) => {
    if (job.state === 'running') return withState(job, state);
    // A job that waits for approval changes only if it has to wait for a sign-in instead.
    if (job.state === 'waiting-for-approval' && state === 'waiting-for-sign-in') return withState(job, state);
    return job.state === 'cancelling' && job.counts.waiting === 0 ? withState(job, 'cancelled') : undefined;
  };
