import { makeStyles, Spinner, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { RetryNotice } from '../failure-notice.js';
import { Isolated, visibleText } from '../isolated.js';
import { jobFailure } from '../jobs/job-failure.js';
import { jobQuery } from '../jobs/job-queries.js';
import { titleOf } from '../jobs/job-state.js';
import { JobView } from '../jobs/job-view.js';
import { ActivityLink } from '../links.js';
import { PageHeading } from '../page-heading.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXL}`,
  },
  actions: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
});

/** One job: progress, reasons of failures, rows and actions. */
export function JobPage() {
  const { jobId } = useParams({ from: '/activity/$jobId' });
  const navigate = useNavigate();
  const styles = useStyles();
  const { data: job, error, refetch } = useQuery(jobQuery(jobId));
  const title = job === undefined ? 'Job' : titleOf(job);
  return (
    <div className={styles.page}>
      <ActivityLink />
      <PageHeading title={[visibleText(title), 'Activity']}>
        <Isolated>{title}</Isolated>
      </PageHeading>
      <RetryNotice failure={error === null ? undefined : jobFailure(error)} onRetry={() => void refetch()} />
      {job === undefined && error === null && <Spinner size="tiny" label="Loading" />}
      {job !== undefined && (
        <JobView
          job={job}
          rowsHeight="max(240px, 55vh)"
          onStarted={(next) => void navigate({ to: '/activity/$jobId', params: { jobId: next } })}
        >
          {({ content, actions }) => (
            <>
              <div className={styles.actions}>{actions}</div>
              {content}
            </>
          )}
        </JobView>
      )}
    </div>
  );
}
