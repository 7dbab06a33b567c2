import { Dialog, DialogBody, DialogSurface, DialogTitle, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { pluralize } from '../format.js';
import { cleanTitle } from '../jobs/job-state.js';
import { useScriptNames } from '../jobs/use-names.js';
import { useStartJobs } from '../jobs/use-start-job.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
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

/** Updates many user states, the selected ones or those in a CSV file, by a job. */
export function BulkDialog({ script, selected, known, onClose }: BulkDialogProps) {
  const styles = useStyles();
  const scriptName = useScriptNames([script]);
  // The selection when the dialog was opened: refetching the list can change the one of the page.
  const [initiallySelected] = useState(selected);
  const [hasInput, setHasInput] = useState(false);
  const [key] = useState(() => crypto.randomUUID());
  const [rows, setRows] = useState<readonly BulkRow[]>();
  const [jobIds, setJobIds] = useState<readonly string[]>([]);
  const starting = useStartJobs(setJobIds);
  const [jobId] = jobIds;

  function start(updates: readonly BulkRow[]): void {
    setRows(updates);
    const name = scriptName(script);
    const title = isImport
      ? `Import of ${pluralize(updates.length, 'change', 'changes')}: ${name}`
      : `${pluralize(updates.length, 'person', 'people')}: ${name}`;
    const parts = splitRows(updates);
    starting.start(
      parts.map((part, index) => ({
        updates: [...part],
        title: cleanTitle(parts.length === 1 ? title : `Part ${index + 1} of ${parts.length}. ${title}`),
        key: `${key}-${index}`,
      })),
    );
  }

  const isImport = initiallySelected.length === 0;
  const isReady = rows === undefined;
  return (
    <Dialog
      open
      onOpenChange={(_event, { open, type }) => {
        // Neither a click beside the dialog nor the Escape key must discard lines that were pasted or not sent yet.
        const isDiscarding = isReady ? hasInput : jobId === undefined;
        if (!open && !isDiscarding && type !== 'backdropClick') onClose();
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>Bulk update</DialogTitle>
          {isReady && !isImport && (
            <CountsForm script={script} selected={initiallySelected} onStart={start} onClose={onClose} />
          )}
          {isReady && isImport && (
            <ImportForm script={script} known={known} onInput={setHasInput} onStart={start} onClose={onClose} />
          )}
          {rows !== undefined && jobId === undefined && (
            <StartStep
              count={rows.length}
              isPending={starting.isPending}
              failure={starting.failure}
              onRetry={() => start(rows)}
              onClose={onClose}
            />
          )}
          {jobId !== undefined && jobIds.length === 1 && (
            <JobStep key={jobId} jobId={jobId} onStarted={(next) => setJobIds([next])} onClose={onClose} />
          )}
          {jobIds.length > 1 && <JobsStep jobIds={jobIds} onClose={onClose} />}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
