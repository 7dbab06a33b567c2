import { Button, Checkbox, DialogActions, DialogContent, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo, useState } from 'react';
import { pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef } from '../queries.js';
import type { BulkRow } from './bulk-row.js';
import { type ImportPlan, planImport, rowsToSend } from './import-plan.js';
import { PlannedUpdates } from './planned-updates.js';
import { StepHeading } from './step-heading.js';
import type { ParsedUpdates } from './updates-csv.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  summary: { overflowWrap: 'anywhere' },
});

interface ImportPreviewProps {
  readonly script: ScriptRef;
  readonly updates: ParsedUpdates;
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onBack: () => void;
  readonly onClose: () => void;
}

/** The second step of an import: what it changes. */
export function ImportPreview({ script, updates, onStart, onBack, onClose }: ImportPreviewProps) {
  const styles = useStyles();
  const [renames, setRenames] = useState(false);
  const plan = useMemo(() => planImport(updates.lines, script, renames), [updates, script, renames]);
  const rows = useMemo(() => rowsToSend(plan), [plan]);
  const hasNames = updates.lines.some(({ values }) => values.userPrincipalName !== undefined);
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>Check the changes</StepHeading>
        <div role="status" className={styles.summary}>
          <Isolated>{summaryText(plan, rows.length, updates.ignoredColumns)}</Isolated>
        </div>
        {hasNames && (
          <Checkbox
            label="Rename people: send the names in the file"
            checked={renames}
            onChange={(_event, { checked }) => setRenames(checked === true)}
          />
        )}
        {plan.updates.length > 0 && <PlannedUpdates updates={plan.updates} />}
      </DialogContent>
      <DialogActions>
        {rows.length > 0 && (
          <Button appearance="primary" onClick={() => onStart(rows)}>
            Send changes
          </Button>
        )}
        <Button onClick={onBack}>Back</Button>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}

function summaryText({ updates, unchanged }: ImportPlan, changes: number, ignoredColumns: readonly string[]): string {
  const leftOut = updates.length - changes;
  const counts = `${pluralize(changes, 'change', 'changes')}, ${pluralize(unchanged, 'unchanged line', 'unchanged lines')}.`;
  return [
    changes === 0 ? `No changes to send: ${counts}` : counts,
    leftOut > 0 && `${pluralize(leftOut, 'person is', 'people are')} left out, for the reasons shown below.`,
    unchanged > 0 && 'Unchanged lines set no values, or only values that the list already shows. They are not sent.',
    ignoredColumns.length > 0 && `Ignored columns: ${ignoredColumns.join(', ')}.`,
  ]
    .filter(Boolean)
    .join(' ');
}
