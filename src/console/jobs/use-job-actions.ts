import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Failure, failureOf } from '../failure.js';
import { sessionQuery } from '../queries.js';
import { trpc } from '../trpc.js';
import { announceJobs } from './job-news.js';
import { fetchRows, type Job } from './job-queries.js';
import { hasConflict, updateAgain } from './row-update.js';
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
  const onSuccess = () => announceJobs(client);
  const cancel = useMutation({ mutationFn: () => trpc.updateJob.cancel.mutate({ jobId }), onSuccess });
  const resume = useMutation({ mutationFn: () => trpc.updateJob.resume.mutate({ jobId }), onSuccess });
  const undo = useMutation({
    mutationFn: () => trpc.updateJob.undo.mutate({ jobId }),
    onSuccess: ({ jobId: undoId }) => {
      void announceJobs(client);
      onStarted(undoId);
    },
  });
  const refile = useMutation({
    mutationFn: (refiling: Refiling) => refiledJob(job, refiling),
    onSuccess: (next) => void starting.start([next]),
  });
  const starting = useStartJobs(([id]) => id !== undefined && onStarted(id));

  const failed = [cancel, resume, undo, refile].find(({ isError }) => isError);
  const failure = failed?.error ? failureOf(failed.error, { isRepeatable: true }) : starting.failure;
  const actions = [cancel, resume, undo, refile];
  /** Clears the failure of the previous action. */
  const fresh = (act: () => void) => () => {
    for (const action of actions) action.reset();
    act();
  };
  return {
    /** Readers can see all jobs, but cannot act on them. */
    canAct: session?.roles.includes('operator') ?? false,
    cancel: fresh(() => cancel.mutate()),
    resume: fresh(() => resume.mutate()),
    undo: fresh(() => undo.mutate()),
    /** Sends the rows that have failed or were not sent in a new job, which files them for approval. */
    file: (justification: string) => fresh(() => refile.mutate({ rows: 'unfinished', justification }))(),
    /** Sends the rows with a conflict in a new job, which replaces the displayed values. */
    overwrite: fresh(() => refile.mutate({ rows: 'conflicts' })),
    isPending: actions.some(({ isPending }) => isPending) || starting.isPending,
    failure: failure && forOwner(failure, job, session?.user.oid),
  };
}

/** Only the person whose permissions a job uses can resume it, whatever the role of others. */
function forOwner(failure: Failure, { startedBy }: Job, oid: string | undefined): Failure {
  if (failure.reason !== 'ROLE_MISSING' || oid === startedBy.oid) return failure;
  return {
    ...failure,
    title: 'You cannot resume this job',
    next: `It uses the permissions of ${startedBy.name}. Only this user can resume it.`,
  };
}

/** The rows that a new job sends again. */
interface Refiling {
  readonly rows: 'unfinished' | 'conflicts';
  /** Files them for approval. */
  readonly justification?: string;
}

/** A job with failed rows of another one. A second click starts the same one. */
async function refiledJob({ jobId, title, counts }: Job, { rows: which, justification }: Refiling): Promise<NewJob> {
  const outcomes = (['rejected', 'unknown', 'not-sent'] as const).filter((outcome) => counts[outcome] > 0);
  const rows = (await Promise.all(outcomes.map((outcome) => fetchRows(jobId, outcome)))).flat();
  return {
    updates: rows
      .filter((row) => which === 'unfinished' || hasConflict(row))
      .toSorted((a, b) => a.index - b.index)
      .flatMap(updateAgain),
    key: `${which}-${jobId}`,
    ...(title !== null && { title }),
    ...(justification !== undefined && { justification }),
  };
}
