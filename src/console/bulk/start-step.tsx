import { Button, DialogActions, DialogContent, makeStyles, Spinner, tokens } from '@fluentui/react-components';
import type { Failure } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { pluralize } from '../format.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface StartStepProps {
  readonly count: number;
  readonly isPending: boolean;
  readonly failure: Failure | undefined;
  readonly onRetry: () => void;
  readonly onClose: () => void;
}

/** Shown until the service has stored the changes. Until then, closing the page would lose them. */
export function StartStep({ count, isPending, failure, onRetry, onClose }: StartStepProps) {
  const styles = useStyles();
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>Sending {pluralize(count, 'change', 'changes')} to the service</StepHeading>
        {isPending && <Spinner size="tiny" label="Keep this page open" />}
        {failure !== undefined && <FailureNotice failure={failure} />}
      </DialogContent>
      <DialogActions>
        {failure !== undefined && (
          <Button appearance="primary" onClick={onRetry}>
            Send again
          </Button>
        )}
        <Button onClick={onClose} disabledFocusable={isPending}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}
