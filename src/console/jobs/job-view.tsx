import { Button, makeStyles, Spinner, Text, tokens, useRestoreFocusTarget } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useId, useState } from 'react';
import { downloadCsv } from '../csv/csv-download.js';
import { DefectNotice } from '../error-boundary.js';
import { FailureNotice } from '../failure-notice.js';
import { formatNumber, pluralize } from '../format.js';
import { JustificationField } from '../justification-field.js';
import { useUnloadGuard } from '../unload-guard.js';
import { JobProgress } from './job-progress.js';
import { fetchRows, type Job } from './job-queries.js';
import { JobRows } from './job-rows.js';
import { hasEnded, isActive, unfinishedRows } from './job-state.js';
import { groupFailures } from './row-text.js';
import { hasConflict } from './row-update.js';
import { useShowJob } from './shown-job.js';
import { useFailedRows, useFreshRows } from './use-failed-rows.js';
import { useJobActions } from './use-job-actions.js';
import { fetchScriptNames, usePersonNames } from './use-names.js';

const UndoDialog = lazy(async () => ({ default: (await import('./undo-dialog.js')).UndoDialog }));

const useStyles = makeStyles({
  reasons: { margin: 0, paddingLeft: tokens.spacingHorizontalXL, overflowWrap: 'anywhere' },
});

interface JobViewProps {
  readonly job: Job;
  /** The largest height of the list of rows, as CSS. */
  readonly rowsHeight: string;
  /** Called with the id of a job that continues this one: its undo, or its failed rows with a justification. */
  readonly onStarted: (jobId: string) => void;
  /** Called with whether the view has input that closing it would lose. */
  readonly onInput?: (hasInput: boolean) => void;
  /** Places the parts. */
  readonly children: (parts: { readonly content: ReactNode; readonly actions: ReactNode }) => ReactNode;
}

/** A job, in a dialog or on its page: progress, reasons of failures, rows and actions. */
export function JobView({ job, rowsHeight, onStarted, onInput, children }: JobViewProps) {
  const styles = useStyles();
  const client = useQueryClient();
  const justificationId = useId();
  const [justification, setJustification] = useState('');
  const [isJustificationMissing, setJustificationMissing] = useState(false);
  const [isUndoing, setUndoing] = useState(false);
  const [downloadFailed, setDownloadFailed] = useState(false);
  const personNames = usePersonNames();
  const restoreFocus = useRestoreFocusTarget();
  useShowJob(job.jobId);
  useFreshRows(job);
  const failedRows = useFailedRows(job);
  const groups = groupFailures(failedRows);
  const conflicts = failedRows.filter(hasConflict).length;
  const actions = useJobActions(job, onStarted);
  const isRunning = isActive(job);
  const needsJustification =
    !isRunning && groups.some(({ failure }) => failure.reason === 'APPROVAL_JUSTIFICATION_REQUIRED');
  const hasInput = needsJustification && actions.canAct && justification.trim() !== '';
  useUnloadGuard(hasInput);
  useEffect(() => onInput?.(hasInput), [hasInput, onInput]);

  function retry(): void {
    const text = justification.trim();
    if (!needsJustification) actions.resume();
    else if (text !== '') actions.file(text);
    else {
      setJustificationMissing(true);
      document.getElementById(justificationId)?.focus();
    }
  }

  async function download(): Promise<void> {
    const [rows, { formatJobRows }] = await Promise.all([fetchRows(job.jobId), import('./job-csv.js')]);
    const scriptName = await fetchScriptNames(client, rows);
    downloadCsv(`job-${job.jobId}.csv`, formatJobRows(rows, scriptName, personNames));
    setDownloadFailed(false);
  }

  const content = (
    <>
      <JobProgress job={job} />
      {actions.failure !== undefined && <FailureNotice failure={actions.failure} />}
      {downloadFailed && <DefectNotice />}
      {groups.length > 0 && (
        <div>
          <Text weight="semibold">{isRunning ? 'Reasons for failed rows so far' : 'Reasons for failed rows'}</Text>
          <ul className={styles.reasons}>
            {groups.map(({ failure: { title, next }, rows }) => (
              <li key={`${title} ${next}`}>
                {pluralize(rows, 'row', 'rows')}: {title}. {next}
              </li>
            ))}
          </ul>
        </div>
      )}
      {needsJustification && actions.canAct && (
        <JustificationField
          id={justificationId}
          hint="This tenant requires a justification for changes. The administrator who approves them reads it."
          required
          validationMessage={isJustificationMissing ? 'Enter a justification' : null}
          value={justification}
          onChange={(text) => {
            setJustification(text);
            setJustificationMissing(false);
          }}
        />
      )}
      <JobRows job={job} maxHeight={rowsHeight} />
      <Suspense>
        {isUndoing && (
          <UndoDialog
            job={job}
            onClose={() => setUndoing(false)}
            onConfirm={() => {
              setUndoing(false);
              actions.undo();
            }}
          />
        )}
      </Suspense>
    </>
  );

  const canCancel = !hasEnded(job) && job.state !== 'cancelling';
  const buttons = (
    <>
      {actions.isPending && <Spinner size="tiny" label="Sending" />}
      <Button onClick={() => void download().catch(() => setDownloadFailed(true))}>Download results</Button>
      {actions.canAct && (
        <>
          {!isRunning && job.counts.applied > 0 && (
            <Button {...restoreFocus} disabledFocusable={actions.isPending} onClick={() => setUndoing(true)}>
              Undo
            </Button>
          )}
          {canCancel && (
            <Button disabledFocusable={actions.isPending} onClick={actions.cancel}>
              Cancel job
            </Button>
          )}
          {job.state === 'waiting-for-sign-in' && (
            <Button disabledFocusable={actions.isPending} onClick={actions.resume}>
              Resume
            </Button>
          )}
          {job.counts['pending-approval'] > 0 && !isRunning && (
            <Button disabledFocusable={actions.isPending} onClick={actions.resume}>
              Complete approved changes
            </Button>
          )}
          {!isRunning && conflicts > 0 && (
            <Button disabledFocusable={actions.isPending} onClick={actions.overwrite}>
              Apply to the new values ({formatNumber(conflicts)})
            </Button>
          )}
          {!isRunning && unfinishedRows(job) > conflicts && (
            <Button disabledFocusable={actions.isPending} onClick={retry}>
              {job.counts['not-sent'] === unfinishedRows(job) ? 'Send remaining rows' : 'Retry failed rows'}
            </Button>
          )}
        </>
      )}
    </>
  );
  return children({ content, actions: buttons });
}
