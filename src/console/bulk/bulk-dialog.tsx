import { Dialog, DialogBody, DialogSurface, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { useCloseGuard } from '../close-guard.js';
import { DialogHeading } from '../dialog-heading.js';
import type { FiledRow } from '../local-changes.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import type { BulkRow } from './bulk-row.js';
import { CompletionForm } from './completion-form.js';
import { CountsForm } from './counts-form.js';
import { ImportForm } from './import-form.js';
import { ProgressStep } from './progress-step.js';
import { ReportStep } from './report-step.js';
import type { FailedRow } from './row-failure.js';
import { useBulkUpdate } from './use-bulk-update.js';

const useStyles = makeStyles({ surface: { maxWidth: '860px' } });

interface BulkDialogProps {
  readonly script: ScriptRef;
  /** The states to update. */
  readonly selected: readonly ScriptUserState[];
  /** The changes to complete. Without states and filed changes, the updates are imported from CSV. */
  readonly filed: readonly FiledRow[];
  /** The states of the script as the page shows them. */
  readonly known: readonly ScriptUserState[];
  readonly onClose: () => void;
}

/** Updates many user states: the selected ones, those whose changes await approval, or those in a CSV file. */
export function BulkDialog({ script, selected, filed, known, onClose }: BulkDialogProps) {
  const styles = useStyles();
  const update = useBulkUpdate();
  // Kept for all further attempts.
  const [justification, setJustification] = useState('');
  // The selection when the dialog was opened: refetching the list can change the one of the page.
  const [initiallySelected] = useState(selected);
  const [initiallyFiled] = useState(filed);
  const [hasInput, setHasInput] = useState(false);

  const isRunning = update.state === 'running';
  const { requestClose, question } = useCloseGuard({
    hasInput: update.state === 'ready' && hasInput,
    isLocked: isRunning,
    onClose,
  });
  // The Escape key must not discard a report of failures.
  const hasReport = update.state !== 'ready' && update.failures.length > 0;

  function start(rows: readonly BulkRow[], kept: readonly FailedRow[] = []): void {
    const trimmed = justification.trim();
    update.start(rows, trimmed === '' ? undefined : { justification: trimmed }, kept);
  }

  return (
    <Dialog
      open
      modalType={isRunning ? 'alert' : 'modal'}
      onOpenChange={(_event, { open, type }) => {
        if (!open && !hasReport && type !== 'backdropClick') requestClose();
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogHeading script={script}>Bulk update</DialogHeading>
          {isRunning && <ProgressStep update={update} />}
          {update.state === 'ready' && initiallySelected.length > 0 && (
            <CountsForm
              script={script}
              selected={initiallySelected}
              onInput={setHasInput}
              onStart={start}
              onClose={requestClose}
            />
          )}
          {update.state === 'ready' && initiallyFiled.length > 0 && (
            <CompletionForm filed={initiallyFiled} known={known} onStart={start} onClose={onClose} />
          )}
          {update.state === 'ready' && initiallySelected.length === 0 && initiallyFiled.length === 0 && (
            <ImportForm script={script} known={known} onInput={setHasInput} onStart={start} onClose={requestClose} />
          )}
          {update.state !== 'ready' && !isRunning && (
            <ReportStep
              progress={update}
              script={script}
              known={known}
              justification={justification}
              onJustification={setJustification}
              onRetry={start}
              onClose={onClose}
            />
          )}
        </DialogBody>
        {question}
      </DialogSurface>
    </Dialog>
  );
}
