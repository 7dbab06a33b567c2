import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Failure, failureOf } from '../failure.js';
import { sessionQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import { announceJobs } from './job-news.js';
import { cacheJob, fetchRows, type Job, type JobRow } from './job-queries.js';
import { type NewJob, useStartJobs } from './use-start-job.js';

/**
 * The actions on a job.
 *
 * @param onStarted called with the id of a new job: of an undo, or of failed rows that are sent with a justification
 */
export function useJobActions(job: Job, onStarted: (jobId: string) => void) {
  const { jobId } = job;
  const client = useQueryClient();
  const { data: session } = useQuery({ ...sessionQuery, refetchInterval: false });
  const onSuccess = (changed: Job) => {
    cacheJob(client, changed);
    announceJobs(client);
  };
  const cancel = useMutation({ mutationFn: () => trpc.updateJob.cancel.mutate({ jobId }), onSuccess });
  const resume = useMutation({ mutationFn: () => trpc.updateJob.resume.mutate({ jobId }), onSuccess });
  const undo = useMutation({
    mutationFn: () => trpc.updateJob.undo.mutate({ jobId }),
    onSuccess: ({ jobId: undoId }) => {
      announceJobs(client);
      onStarted(undoId);
    },
  });
  const refile = useMutation({
    mutationFn: async (justification: string) => newJobOf(job, await unfinishedRowsOf(job), justification),
    onSuccess: (next) => void starting.start([next]),
  });
  const starting = useStartJobs(([id]) => id !== undefined && onStarted(id));

  const failed = [cancel, resume, undo, refile].find(({ isError }) => isError);
  const failure = failed?.error ? failureOf(failed.error) : starting.failure;
  const actions = [cancel, resume, undo, refile];
  /** Forgets the failure of the action before. */
  const fresh = (act: () => void) => () => {
    for (const action of actions) action.reset();
    act();
  };
  return {
    /** Readers see everything, and change nothing. */
    canAct: session?.roles.includes('operator') ?? false,
    cancel: fresh(() => cancel.mutate()),
    resume: fresh(() => resume.mutate()),
    undo: fresh(() => undo.mutate()),
    /** Sends the rows that have failed or were not sent in a new job, which files them for approval. */
    refile: (justification: string) => fresh(() => refile.mutate(justification))(),
    isPending: actions.some(({ isPending }) => isPending) || starting.isPending,
    failure: failure && forOwner(failure, job, session?.user.oid),
  };
}

/** A job that uses the permissions of a person can be resumed by this person only, whatever the role of others. */
function forOwner(failure: Failure, { startedBy }: Job, oid: string | undefined): Failure {
  if (failure.reason !== 'ROLE_MISSING' || oid === startedBy.oid) return failure;
  return {
    ...failure,
    title: 'You cannot resume this job',
    next: `It uses the permissions of ${startedBy.name}, who must resume it.`,
  };
}

async function unfinishedRowsOf({ jobId, counts }: Job): Promise<readonly JobRow[]> {
  const outcomes = (['rejected', 'unknown', 'not-sent'] as const).filter((outcome) => counts[outcome] > 0);
  const rows = await Promise.all(outcomes.map((outcome) => fetchRows(jobId, outcome)));
  return rows.flat().toSorted((a, b) => a.index - b.index);
}

/** The job that files rows of another one for approval. A second click starts the same one. */
function newJobOf({ jobId, title }: Job, rows: readonly JobRow[], justification: string): NewJob {
  const updates = rows.map(({ scriptKind, scriptId, userStateId, patch, expected }) => {
    // Only an undo removes a name. It files its own rows with the justification of the job before.
    const { userPrincipalName: name, ...counts } = patch;
    const values = name === undefined || name === null ? counts : { ...counts, userPrincipalName: name };
    return { scriptKind, scriptId, userStateId, patch: values, ...(expected !== undefined && { expected }) };
  });
  return { updates, justification, key: `refile-${jobId}`, ...(title !== null && { title }) };
}
