import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useInfiniteQuery } from '@tanstack/react-query';
import { failureOf } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { formatNumber, pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import { type Job, type JobRow, jobRowsQuery } from './job-queries.js';
import { changeText, personOf } from './row-text.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL, overflowWrap: 'anywhere' },
});

const maxShownRows = 5;

interface UndoDialogProps {
  readonly job: Job;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before a job is undone, and lists the values to restore. */
export function UndoDialog({ job, onConfirm, onClose }: UndoDialogProps) {
  const styles = useStyles();
  const { data: rows, error } = useInfiniteQuery(jobRowsQuery(job.jobId, 'applied'));
  const count = job.counts.applied;
  const shown = rows?.slice(0, maxShownRows);
  const more = count - (shown?.length ?? 0);
  return (
    <Dialog open modalType="alert" onOpenChange={(_event, { open }) => open || onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Undo {pluralize(count, 'change', 'changes')}?</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>
              A new job restores the previous values. People whose values have changed since then keep their current
              values.
            </Text>
            {error !== null && <FailureNotice failure={failureOf(error)} />}
            {shown === undefined && error === null && <Spinner size="tiny" label="Loading rows" />}
            {shown !== undefined && (
              <ul className={styles.list} aria-label="Values to restore">
                {shown.map((row) => (
                  <li key={row.index}>
                    <Isolated>{personOf(row)}</Isolated>: <Isolated>{writtenBackText(row)}</Isolated>
                  </li>
                ))}
                {more > 0 && <li>and {formatNumber(more)} more</li>}
              </ul>
            )}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onConfirm}>
              Undo
            </Button>
            <Button onClick={onClose}>Keep the changes</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** The values that undoing a row restores: those of the fields that it has set. */
function writtenBackText({ patch, before, userState }: JobRow): string {
  const values = {
    ...(patch.successDeviceCount !== undefined && { successDeviceCount: before?.successDeviceCount }),
    ...(patch.errorDeviceCount !== undefined && { errorDeviceCount: before?.errorDeviceCount }),
    ...(patch.userPrincipalName !== undefined && { userPrincipalName: before?.userPrincipalName }),
  };
  return changeText(values, userState);
}
