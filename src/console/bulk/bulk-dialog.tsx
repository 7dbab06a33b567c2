import { Dialog, DialogBody, DialogSurface, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { useCloseGuard } from '../close-guard.js';
import { DialogHeading } from '../dialog-heading.js';
import { pluralize } from '../format.js';
import { cleanTitle } from '../jobs/job-state.js';
import { useStartJobs } from '../jobs/use-start-job.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { scriptName } from '../script-name.js';
import { useScript } from '../use-script.js';
import type { BulkRow } from './bulk-row.js';
import { CountsForm } from './counts-form.js';
import { ImportForm } from './import-form.js';
import { JobStep } from './job-step.js';
import { JobsStep } from './jobs-step.js';
import { splitRows } from './row-chunks.js';
import { StartStep } from './start-step.js';

const useStyles = makeStyles({ surface: { maxWidth: '860px' } });

interface BulkDialogProps {
  readonly script: ScriptRef;
  /** The states to update. Without states, the updates are imported from CSV. */
  readonly selected: readonly ScriptUserState[];
  /** The states of the script as the page shows them. */
  readonly known: readonly ScriptUserState[];
  readonly onClose: () => void;
}

/** Updates many user states, selected or imported from a CSV file, with a job. */
export function BulkDialog({ script, selected, known, onClose }: BulkDialogProps) {
  const styles = useStyles();
  const summary = useScript(script);
  // The selection when the dialog was opened: refetching the list can change the one of the page.
  const [initiallySelected] = useState(selected);
  const [hasInput, setHasInput] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const [rows, setRows] = useState<readonly BulkRow[]>();
  const [jobIds, setJobIds] = useState<readonly string[]>([]);
  const starting = useStartJobs(showJobs);
  const [jobId] = jobIds;
  const isImport = initiallySelected.length === 0;
  // Once the service has stored the rows, closing the dialog loses only a justification.
  const { requestClose, question } = useCloseGuard({
    hasInput: hasInput || (rows !== undefined && jobId === undefined),
    isLocked: starting.isPending,
    onClose,
  });

  function showJobs(ids: readonly string[]): void {
    setJobIds(ids);
    setHasInput(false);
  }
  function start(updates: readonly BulkRow[]): void {
    setRows(updates);
    const name = summary === undefined ? script.scriptId : scriptName(summary);
    const title = isImport
      ? `Import of ${pluralize(updates.length, 'change', 'changes')}: ${name}`
      : `Update of ${pluralize(updates.length, 'person', 'people')}: ${name}`;
    const parts = splitRows(updates);
    starting.start(
      parts.map((part, index) => ({
        updates: [...part],
        title: cleanTitle(parts.length === 1 ? title : `Part ${index + 1} of ${parts.length}. ${title}`),
        key: `${key}-${index}`,
      })),
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(_event, { open, type }) => {
        if (!open && type !== 'backdropClick') requestClose();
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogHeading script={script}>Bulk update</DialogHeading>
          {rows === undefined && !isImport && (
            <CountsForm
              script={script}
              selected={initiallySelected}
              onInput={setHasInput}
              onStart={start}
              onClose={requestClose}
            />
          )}
          {rows === undefined && isImport && (
            <ImportForm script={script} known={known} onInput={setHasInput} onStart={start} onClose={requestClose} />
          )}
          {rows !== undefined && jobId === undefined && (
            <StartStep
              count={rows.length}
              isPending={starting.isPending}
              failure={starting.failure}
              onRetry={() => start(rows)}
              onClose={requestClose}
            />
          )}
          {jobId !== undefined && jobIds.length === 1 && (
            <JobStep
              key={jobId}
              jobId={jobId}
              onStarted={(next) => showJobs([next])}
              onInput={setHasInput}
              onClose={requestClose}
            />
          )}
          {jobIds.length > 1 && <JobsStep jobIds={jobIds} onClose={onClose} />}
        </DialogBody>
        {question}
      </DialogSurface>
    </Dialog>
  );
}
