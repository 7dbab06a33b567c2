import {
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { narrowScreen } from '../breakpoint.js';
import { formatDate } from '../format.js';
import { Isolated } from '../isolated.js';
import { StateBadge } from '../jobs/job-progress.js';
import type { Job } from '../jobs/job-queries.js';
import { countsText, titleOf } from '../jobs/job-state.js';
import { JobLink } from '../links.js';

const useStyles = makeStyles({
  table: { backgroundColor: tokens.colorNeutralBackground1 },
  cell: {
    height: 'auto',
    paddingTop: tokens.spacingVerticalS,
    paddingBottom: tokens.spacingVerticalS,
    overflowWrap: 'anywhere',
  },
  state: { width: '170px', [narrowScreen]: { width: '130px' } },
  wide: { [narrowScreen]: { display: 'none' } },
  narrow: { display: 'none', color: tokens.colorNeutralForeground3, [narrowScreen]: { display: 'block' } },
});

/** Jobs with their state and counts. */
export function JobList({ jobs, label }: { readonly jobs: readonly Job[]; readonly label: string }) {
  const styles = useStyles();
  return (
    <Table aria-label={label} className={styles.table}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>Job</TableHeaderCell>
          <TableHeaderCell className={styles.state}>State</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>Rows</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>Started</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {jobs.map((job) => {
          const started = (
            <>
              <Isolated>{job.startedBy.name}</Isolated>, {formatDate(job.startedAt)}
            </>
          );
          return (
            <TableRow key={job.jobId}>
              <TableCell className={styles.cell}>
                <JobLink jobId={job.jobId}>
                  <Isolated>{titleOf(job)}</Isolated>
                </JobLink>
                <Text size={200} className={styles.narrow}>
                  {countsText(job)} · {started}
                </Text>
              </TableCell>
              <TableCell className={styles.cell}>
                <StateBadge job={job} />
              </TableCell>
              <TableCell className={mergeClasses(styles.cell, styles.wide)}>{countsText(job)}</TableCell>
              <TableCell className={mergeClasses(styles.cell, styles.wide)}>{started}</TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}
