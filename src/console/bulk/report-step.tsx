import { Button, DialogActions, DialogContent, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useId, useState } from 'react';
import { downloadCsv } from '../csv/csv-download.js';
import { pluralize } from '../format.js';
import { JustificationField } from '../justification-field.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import type { BulkRow } from './bulk-row.js';
import { formatFailures } from './failures-csv.js';
import { FailuresTable } from './failures-table.js';
import { ReportNotices } from './report-notices.js';
import { type FailedRow, isCompletable, isRetryable, rowToResend, summaryText } from './row-failure.js';
import { StepHeading } from './step-heading.js';
import type { BulkProgress } from './use-bulk-update.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface ReportStepProps {
  readonly progress: BulkProgress;
  readonly script: ScriptRef;
  readonly known: readonly ScriptUserState[];
  readonly justification: string;
  readonly onJustification: (text: string) => void;
  /** Called with the rows to send again, and with the other failed ones. */
  readonly onRetry: (rows: readonly BulkRow[], kept: readonly FailedRow[]) => void;
  readonly onClose: () => void;
}

/** The result of a bulk update: counts, failed rows, and a retry. */
export function ReportStep(props: ReportStepProps) {
  const { progress, script, known, justification, onJustification, onRetry, onClose } = props;
  const styles = useStyles();
  const justificationId = useId();
  const [isJustificationMissing, setJustificationMissing] = useState(false);

  const { failures, succeeded, succeededBefore } = progress;
  const needsJustification = failures.some(({ failure }) => failure.reason === 'APPROVAL_JUSTIFICATION_REQUIRED');
  const hasRetryable = failures.some(isRetryable);

  function resend(matches: (row: FailedRow) => boolean): void {
    onRetry(
      failures.filter(matches).map(rowToResend),
      failures.filter((each) => !matches(each)),
    );
  }
  function retry(): void {
    if (needsJustification && justification.trim() === '') {
      setJustificationMissing(true);
      document.getElementById(justificationId)?.focus();
    } else resend(isRetryable);
  }

  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>{summaryText(succeeded, failures)}</StepHeading>
        {succeededBefore > 0 && (
          <Text>{pluralize(succeededBefore, 'row was', 'rows were')} changed in earlier attempts.</Text>
        )}
        <ReportNotices progress={progress} />
        {(needsJustification || (justification !== '' && hasRetryable)) && (
          <JustificationField
            id={justificationId}
            hint="This tenant requires a reason for changes. “Retry failed rows” sends it."
            required={needsJustification}
            validationMessage={isJustificationMissing ? 'Enter a justification' : null}
            value={justification}
            onChange={(text) => {
              onJustification(text);
              setJustificationMissing(false);
            }}
          />
        )}
        {failures.length > 0 && <FailuresTable failures={failures} known={known} />}
      </DialogContent>
      <DialogActions fluid>
        {failures.length > 0 && (
          <Button onClick={() => downloadCsv(`failures-${script.scriptId}.csv`, formatFailures(failures))}>
            Download failures
          </Button>
        )}
        {failures.some(isCompletable) && <Button onClick={() => resend(isCompletable)}>Complete approved rows</Button>}
        {hasRetryable && <Button onClick={retry}>Retry failed rows</Button>}
        <Button appearance="primary" onClick={onClose}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}
