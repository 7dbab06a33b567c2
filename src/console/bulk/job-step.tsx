import { Button, DialogActions, DialogContent, makeStyles, Spinner, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { FailureNotice } from '../failure-notice.js';
import { pluralize } from '../format.js';
import { jobFailure } from '../jobs/job-failure.js';
import { jobQuery } from '../jobs/job-queries.js';
import { countsText, isActive } from '../jobs/job-state.js';
import { JobView } from '../jobs/job-view.js';
import { JobLink } from '../links.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface JobStepProps {
  readonly jobId: string;
  /** Called with the id of a job that continues this one. */
  readonly onStarted: (jobId: string) => void;
  /** Called with whether the step has input that closing it would lose. */
  readonly onInput: (hasInput: boolean) => void;
  readonly onClose: () => void;
}

/** The job of a bulk update, as its page shows it. */
export function JobStep({ jobId, onStarted, onInput, onClose }: JobStepProps) {
  const styles = useStyles();
  const { data: job, error } = useQuery(jobQuery(jobId));
  const close = (
    <Button appearance="primary" onClick={onClose}>
      Close
    </Button>
  );
  if (job === undefined) {
    return (
      <>
        <DialogContent>
          {error === null ? <Spinner size="tiny" label="Loading" /> : <FailureNotice failure={jobFailure(error)} />}
        </DialogContent>
        <DialogActions>{close}</DialogActions>
      </>
    );
  }
  const isRunning = isActive(job);
  return (
    <JobView job={job} rowsHeight="40vh" onStarted={onStarted} onInput={onInput}>
      {({ content, actions }) => (
        <>
          <DialogContent className={styles.content}>
            <StepHeading key={String(isRunning)}>
              {isRunning ? `Sending ${pluralize(job.total, 'change', 'changes')}` : countsText(job)}
            </StepHeading>
            {error !== null && <FailureNotice failure={jobFailure(error)} />}
            {content}
            <JobLink jobId={jobId} onClick={onClose}>
              Show the job in Activity
            </JobLink>
          </DialogContent>
          <DialogActions fluid>
            {actions}
            {close}
          </DialogActions>
        </>
      )}
    </JobView>
  );
}
