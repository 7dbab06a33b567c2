import { CounterBadge, makeStyles, tokens } from '@fluentui/react-components';
import { useInfiniteQuery } from '@tanstack/react-query';
import { pluralize } from '../format.js';
import { visuallyHidden } from '../visually-hidden.js';
import { jobsQuery } from './job-queries.js';
import { isActive } from './job-state.js';

const useStyles = makeStyles({
  badge: { marginLeft: tokens.spacingHorizontalXS },
  hidden: visuallyHidden,
});

/** The number of running jobs of all users; nothing if no job runs. */
export function RunningJobs() {
  const styles = useStyles();
  const { data: jobs = [] } = useInfiniteQuery(jobsQuery);
  const count = jobs.filter(isActive).length;
  if (count === 0) return null;
  return (
    <>
      <CounterBadge aria-hidden count={count} size="small" color="brand" className={styles.badge} />
      {/* A colon would be read apart from the word before it: the name has a space there. */}
      <span className={styles.hidden}>({pluralize(count, 'job is', 'jobs are')} running)</span>
    </>
  );
}
