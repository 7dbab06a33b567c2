import { Dialog, DialogBody, DialogSurface, DialogTitle, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import type { Script, UserState } from '../queries.js';
import { ImportForm } from './import-form.js';
import { ReportStep } from './report-step.js';
import type { Approval, Row } from './rows.js';
import { RunningStep } from './running-step.js';
import { SetForm } from './set-form.js';
import { useBulkRun } from './use-bulk-run.js';

const useStyles = makeStyles({ surface: { maxWidth: '860px' } });

/** What many changes are asked for with. */
export interface BulkDialogProps {
  readonly script: Script;
  /** Whose values are to be set; nobody's: a file says whose. */
  readonly selected: readonly UserState[];
  /** The script's states as the page shows them. */
  readonly known: readonly UserState[];
  readonly onClose: () => void;
}

/** Changes many user states at once: those that are selected, or what a file says. */
export function BulkDialog({ script, selected, known, onClose }: BulkDialogProps) {
  const styles = useStyles();
  const run = useBulkRun();
  // Once a tenant wants it, it goes along with every further try.
  const [justification, setJustification] = useState('');
  // What was selected when it began: the page may forget it when its list is fetched again.
  const [people] = useState(selected);
  const [hasLines, setHasLines] = useState(false);

  const isRunning = run.state === 'running';
  // Lines that were pasted, and a report that nobody has kept yet, are not thrown away by a stray key.
  const isLoseable = run.state === 'ready' ? !hasLines : !isRunning && run.failures.length === 0;

  function start(rows: readonly Row[]): void {
    const reason = justification.trim();
    const approval: Approval | undefined = reason === '' ? undefined : { justification: reason };
    run.start(rows, approval);
  }

  return (
    <Dialog
      open
      modalType={isRunning ? 'alert' : 'modal'}
      onOpenChange={(_event, { open, type }) => {
        if (!open && isLoseable && type !== 'backdropClick') onClose();
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>Change many</DialogTitle>
          {isRunning && <RunningStep run={run} />}
          {run.state === 'ready' && people.length > 0 && (
            <SetForm script={script} selected={people} onStart={start} onClose={onClose} />
          )}
          {run.state === 'ready' && people.length === 0 && (
            <ImportForm script={script} known={known} onLines={setHasLines} onStart={start} onClose={onClose} />
          )}
          {run.state !== 'ready' && !isRunning && (
            <ReportStep
              run={run}
              script={script}
              known={known}
              justification={justification}
              onJustification={setJustification}
              onRetry={start}
              onClose={onClose}
            />
          )}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
