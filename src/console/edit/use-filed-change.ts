import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { displayName } from '../display-name.js';
import { type Failure, failureOf } from '../failure.js';
import { isSameId } from '../ids.js';
import { announceJobs } from '../jobs/job-news.js';
import { fetchRows, type JobRow, jobQuery, jobRowsKey } from '../jobs/job-queries.js';
import { cleanTitle, isActive } from '../jobs/job-state.js';
import { failureOfRow } from '../jobs/row-text.js';
import { useShowJob } from '../jobs/shown-job.js';
import { useStartJobs } from '../jobs/use-start-job.js';
import { useLocalChanges, type WaitingRow } from '../local-changes.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { trpc } from '../trpc.js';
import type { Patch } from './draft.js';
import { valuesOf } from './use-update.js';

/** A change that is filed for approval by a job of one row, or that waits as a row of any job. */
export function useFiledChange(script: ScriptRef, state: ScriptUserState, onSaved: (state: ScriptUserState) => void) {
  const target = { ...script, userStateId: state.id };
  const client = useQueryClient();
  const [startedId, setStartedId] = useState<string>();
  // The list of jobs has it until it has been fetched again.
  const [discardedId, setDiscardedId] = useState<string>();
  const listed = useLocalChanges().get(target)?.awaitingApproval;
  const waiting = listed?.jobId === discardedId ? undefined : listed;
  const jobId = startedId ?? waiting?.jobId;
  useShowJob(jobId);
  const { data: job } = useQuery({ ...jobQuery(jobId ?? ''), enabled: jobId !== undefined });
  const isOwn = job?.total === 1;
  const isSettled = job !== undefined && !isActive(job);
  const { data: row } = useQuery({
    queryKey: [...jobRowsKey(jobId ?? ''), 'filed', job?.state, job?.counts],
    queryFn: async ({ signal }) =>
      (await fetchRows(jobId ?? '', undefined, signal)).find(({ userStateId }) => isSameId(userStateId, state.id)) ??
      null,
    enabled: isSettled && isOwn,
  });

  const saved = row?.outcome === 'applied' || row?.outcome === 'unchanged' ? row.userState : undefined;
  const wasSaved = useRef(false);
  useEffect(() => {
    if (saved === undefined || wasSaved.current) return;
    wasSaved.current = true;
    onSaved(saved);
  }, [saved, onSaved]);

  // A lost response says nothing about the job: with the same key, the next attempt does not start another one.
  const key = useRef<{ readonly content: string; readonly key: string }>(undefined);
  const starting = useStartJobs(([id]) => {
    key.current = undefined;
    setStartedId(id);
  });
  function file(patch: Patch, known: ScriptUserState, justification: string): void {
    const updates = [{ ...target, patch, expected: valuesOf(known) }];
    const content = JSON.stringify([updates, justification]);
    if (key.current?.content !== content) key.current = { content, key: crypto.randomUUID() };
    const title = cleanTitle(`Update of ${displayName(state)}`);
    starting.start([{ updates, justification, title, key: key.current.key }]);
  }

  const resume = useMutation({
    mutationFn: () => trpc.updateJob.resume.mutate({ jobId: jobId ?? '' }),
    onSuccess: () => announceJobs(client),
  });
  const cancel = useMutation({
    mutationFn: () => trpc.updateJob.cancel.mutate({ jobId: jobId ?? '' }),
    onSuccess() {
      setStartedId(undefined);
      setDiscardedId(jobId);
      return announceJobs(client);
    },
  });
  const failedAction = [resume, cancel].find(({ isError }) => isError);
  const rowFailure = row && row.outcome !== 'pending-approval' ? failureOfRow(row) : undefined;
  const failure: Failure | undefined =
    (failedAction?.error ? failureOf(failedAction.error) : undefined) ?? starting.failure ?? rowFailure;

  return {
    /** The change that waits for approval, with its values and code. */
    waiting: pendingRow(row, jobId) ?? (startedId === undefined ? waiting : undefined),
    job,
    /** Whether the job has no other rows. Only then can the change be completed or discarded here. */
    isOwn,
    isPending:
      starting.isPending ||
      resume.isPending ||
      cancel.isPending ||
      (startedId !== undefined && (!isSettled || row === undefined)) ||
      (isOwn && job !== undefined && isActive(job) && job.state !== 'cancelling'),
    failure,
    file,
    resume: () => {
      // Shown until the job has stopped, although it no longer waits for approval.
      setStartedId(jobId);
      resume.mutate();
    },
    /** Cancels the job, so that another change can be made. */
    discard: () => cancel.mutate(),
  };
}

function pendingRow(row: JobRow | null | undefined, jobId: string | undefined): WaitingRow | undefined {
  return row?.outcome === 'pending-approval' && jobId !== undefined ? { ...row, jobId } : undefined;
}
