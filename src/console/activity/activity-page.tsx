import { Button, makeStyles, Spinner, Subtitle2, Text, tokens } from '@fluentui/react-components';
import { useInfiniteQuery } from '@tanstack/react-query';
import { failureOf } from '../failure.js';
import { RetryNotice } from '../failure-notice.js';
import { type Job, jobsQuery } from '../jobs/job-queries.js';
import { hasEnded, isActive } from '../jobs/job-state.js';
import { PageHeading } from '../page-heading.js';
import { ChangeList } from './change-list.js';
import { JobList } from './job-list.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXL}`,
  },
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  more: { alignSelf: 'flex-start' },
});

/** The groups of jobs, in display order. */
const groups: readonly (readonly [string, (job: Job) => boolean])[] = [
  ['Running', isActive],
  ['Waiting', (job) => !isActive(job) && !hasEnded(job)],
  ['Ended', hasEnded],
];

/** The jobs and changes of all users. */
export function ActivityPage() {
  const styles = useStyles();
  const { data: jobs, error, hasNextPage, isFetching, fetchNextPage, refetch } = useInfiniteQuery(jobsQuery);
  return (
    <div className={styles.page}>
      <PageHeading title={['Activity']}>Activity</PageHeading>
      <RetryNotice failure={error === null ? undefined : failureOf(error)} onRetry={() => void refetch()} />
      {jobs === undefined && error === null && <Spinner size="tiny" label="Loading jobs" />}
      {jobs?.length === 0 && (
        <section className={styles.section} aria-label="Jobs">
          <Subtitle2 as="h2">Jobs</Subtitle2>
          <Text>There are no jobs. Bulk updates, and changes that need approval, run as jobs.</Text>
        </section>
      )}
      {groups.map(([title, matches]) => {
        const members = jobs?.filter(matches) ?? [];
        if (members.length === 0) return null;
        return (
          <section key={title} className={styles.section} aria-label={`${title} jobs`}>
            <Subtitle2 as="h2">
              {title} jobs ({members.length})
            </Subtitle2>
            <JobList jobs={members} label={`${title} jobs`} />
          </section>
        );
      })}
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show older jobs
        </Button>
      )}
      <section className={styles.section} aria-label="Changes">
        <Subtitle2 as="h2">Changes</Subtitle2>
        <ChangeList />
      </section>
    </div>
  );
}
