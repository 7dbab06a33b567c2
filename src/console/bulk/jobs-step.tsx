import { Button, DialogActions, DialogContent, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { pluralize } from '../format.js';
import { JobProgress } from '../jobs/job-progress.js';
import { jobQuery } from '../jobs/job-queries.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
});

/** The jobs of an update that exceeds the limit of one job. */
export function JobsStep({ jobIds, onClose }: { readonly jobIds: readonly string[]; readonly onClose: () => void }) {
  const styles = useStyles();
  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading>{pluralize(jobIds.length, 'job', 'jobs')} started</StepHeading>
        <Text>The changes exceed the limit of one job, so they run as several jobs. Activity shows the results.</Text>
        {jobIds.map((jobId) => (
          <OneJob key={jobId} jobId={jobId} />
        ))}
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" onClick={onClose}>
          Close
        </Button>
      </DialogActions>
    </>
  );
}

/** How often the state of a job that this tab does not watch is fetched, in milliseconds. */
const pollIntervalMs = 5_000;

function OneJob({ jobId }: { readonly jobId: string }) {
  const { data: job } = useQuery({
    ...jobQuery(jobId),
    refetchInterval: ({ state }) => (state.data?.endedAt === undefined ? pollIntervalMs : false),
  });
  return job === undefined ? null : <JobProgress job={job} />;
}
