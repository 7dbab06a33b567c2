import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  makeStyles,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { useId, useState } from 'react';
import type { Script, UserState } from '../queries.js';
import { formatFailures } from './csv-format.js';
import { downloadCsv } from './download.js';
import { FailuresTable } from './failures-table.js';
import { ReportNotices } from './report-notices.js';
import { countOf, kindOf, type Row, summaryOf } from './rows.js';
import { StepHeading } from './step-heading.js';
import type { BulkProgress } from './use-bulk-run.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface ReportStepProps {
  readonly run: BulkProgress;
  readonly script: Script;
  readonly known: readonly UserState[];
  readonly justification: string;
  readonly onJustification: (text: string) => void;
  readonly onRetry: (rows: readonly Row[]) => void;
  readonly onClose: () => void;
}

/** What came of it, row by row where it did not work, and the ways to go on. */
export function ReportStep(props: ReportStepProps) {
  const { run, script, known, justification, onJustification, onRetry, onClose } = props;
  const styles = useStyles();
  const reasonBox = useId();
  const [isReasonMissing, setReasonMissing] = useState(false);

  const { failures, succeeded, earlier } = run;
  const wantsReason = failures.some(({ failure }) => failure.reason === 'APPROVAL_JUSTIFICATION_REQUIRED');
  // Without the code of its approval, a change that waits for one would only ask for another.
  const again = failures.filter(({ failure }) => kindOf(failure) !== 'waiting').map(({ row }) => row);

  function retry(): void {
    if (wantsReason && justification.trim() === '') {
      setReasonMissing(true);
      document.getElementById(reasonBox)?.focus();
    } else onRetry(again);
  }

  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>{summaryOf(succeeded, failures)}</StepHeading>
        {earlier > 0 && <Text>{countOf(earlier, 'row was', 'rows were')} changed before this try.</Text>}
        <ReportNotices run={run} />
        {(wantsReason || (justification !== '' && again.length > 0)) && (
          <Field
            label="Justification"
            required={wantsReason}
            hint="This tenant wants to know why these changes are needed. It goes along with “Retry failed”."
            validationMessage={isReasonMissing ? 'Say why these changes are needed.' : null}
          >
            <Textarea
              id={reasonBox}
              maxLength={1024}
              value={justification}
              onChange={(_event, { value }) => {
                onJustification(value);
                setReasonMissing(false);
              }}
            />
          </Field>
        )}
        {failures.length > 0 && <FailuresTable failures={failures} known={known} />}
      </DialogContent>
      <DialogActions fluid>
        {failures.length > 0 && (
          <Button onClick={() => downloadCsv(`failures ${script.scriptId}.csv`, formatFailures(failures))}>
            Download failures
          </Button>
        )}
        {again.length > 0 && <Button onClick={retry}>Retry failed</Button>}
        <Button appearance="primary" onClick={onClose}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}
