import {
  Button,
  makeStyles,
  Spinner,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { narrowScreen } from '../breakpoint.js';
import { failureOf } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { formatDate, pluralize } from '../format.js';
import { idKey, userIdOf } from '../ids.js';
import { Isolated } from '../isolated.js';
import { type Job, jobsQuery } from '../jobs/job-queries.js';
import { isActive, outcomeOrder, titleOf } from '../jobs/job-state.js';
import { OutcomeBadge } from '../jobs/outcome-badge.js';
import { changeText, differenceText } from '../jobs/row-text.js';
import { usePersonNames, useScriptNames } from '../jobs/use-names.js';
import { JobLink, PersonLink } from '../links.js';
import { visuallyHidden } from '../visually-hidden.js';
import { type Activity, activityQuery, joinJobs } from './activity-queries.js';

const useStyles = makeStyles({
  table: { backgroundColor: tokens.colorNeutralBackground1 },
  cell: {
    height: 'auto',
    paddingTop: tokens.spacingVerticalS,
    paddingBottom: tokens.spacingVerticalS,
    overflowWrap: 'anywhere',
    verticalAlign: 'top',
    [narrowScreen]: { display: 'block', width: 'auto', paddingTop: 0, paddingBottom: 0 },
  },
  header: { [narrowScreen]: visuallyHidden },
  row: { [narrowScreen]: { display: 'block', height: 'auto', paddingBlock: tokens.spacingVerticalS } },
  when: { width: '170px' },
  outcome: { width: '150px' },
  outcomes: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  details: { color: tokens.colorNeutralForeground3 },
  more: { alignSelf: 'flex-start' },
});

const actionTexts = {
  update: 'Change',
  create: 'Created',
  delete: 'Deleted',
} as const satisfies Record<Activity['action'], string>;

/** The latest changes: who changed what, when, from which values to which. The changes of a job are one entry. */
export function ChangeList() {
  const styles = useStyles();
  const { data: activities, error, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(activityQuery);
  const scriptName = useScriptNames(activities ?? []);
  const personNames = usePersonNames();
  const { data: jobs = noJobs } = useInfiniteQuery(jobsQuery);
  useFreshActivity(jobs);
  const titleOfJob = (jobId: string) => {
    const job = jobs.find((each) => each.jobId === jobId);
    return job === undefined ? 'Show the job' : titleOf(job);
  };
  if (activities === undefined) {
    return error === null ? <Spinner size="tiny" label="Loading" /> : <FailureNotice failure={failureOf(error)} />;
  }
  if (activities.length === 0) return <Text>There are no recent changes.</Text>;
  return (
    <>
      {error !== null && <FailureNotice failure={failureOf(error)} />}
      <Table aria-label="Changes" className={styles.table}>
        <TableHeader className={styles.header}>
          <TableRow>
            <TableHeaderCell className={styles.when}>When</TableHeaderCell>
            <TableHeaderCell>Change</TableHeaderCell>
            <TableHeaderCell className={styles.outcome}>Outcome</TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>
          {joinJobs(activities).map(({ latest, activities: joined }) => (
            <TableRow
              className={styles.row}
              key={`${latest.at} ${latest.requestId} ${latest.userStateId} ${latest.jobId}`}
            >
              <TableCell className={styles.cell}>
                {formatDate(latest.at)}
                <Text size={200} block className={styles.details}>
                  <Isolated>{latest.actor.name}</Isolated>
                </Text>
              </TableCell>
              <TableCell className={styles.cell}>
                {joined.length === 1 ? (
                  <OneChange activity={latest} script={scriptName(latest)} names={personNames} />
                ) : (
                  <Text>{pluralize(joined.length, 'change', 'changes')} in a job</Text>
                )}
                {latest.jobId !== undefined && (
                  <Text size={200} block>
                    <JobLink jobId={latest.jobId}>
                      <Isolated>{titleOfJob(latest.jobId)}</Isolated>
                    </JobLink>
                  </Text>
                )}
              </TableCell>
              <TableCell className={styles.cell}>
                <div className={styles.outcomes}>
                  {outcomesOf(joined).map(([outcome, count]) => (
                    <OutcomeBadge key={outcome} outcome={outcome} count={joined.length === 1 ? undefined : count} />
                  ))}
                </div>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {hasNextPage && (
        <Button className={styles.more} disabledFocusable={isFetching} onClick={() => void fetchNextPage()}>
          Show older changes
        </Button>
      )}
    </>
  );
}

/** The outcomes that occur, with the number of writes. */
const outcomesOf = (activities: readonly Activity[]) =>
  outcomeOrder
    .map((each) => [each, activities.filter(({ outcome }) => outcome === each).length] as const)
    .filter(([, count]) => count > 0);

const noJobs: readonly Job[] = [];

/** Fetches the list again when jobs have started or ended. */
function useFreshActivity(jobs: readonly Job[]): void {
  const client = useQueryClient();
  const version = `${jobs.length} ${jobs.filter(isActive).length}`;
  const fetched = useRef(version);
  useEffect(() => {
    if (fetched.current === version) return;
    fetched.current = version;
    void client.invalidateQueries(activityQuery);
  }, [client, version]);
}

interface OneChangeProps {
  readonly activity: Activity;
  readonly script: string;
  readonly names: ReadonlyMap<string, string>;
}

function OneChange({ activity: { action, before, after, userStateId }, script, names }: OneChangeProps) {
  const styles = useStyles();
  const id = userStateId ?? '';
  const person = before?.userPrincipalName ?? after?.userPrincipalName ?? names.get(idKey(id)) ?? (id || 'A new state');
  const name = <Isolated>{person}</Isolated>;
  const userId = userIdOf(id);
  const values =
    before !== undefined && after !== undefined
      ? differenceText(before, after)
      : after === undefined
        ? ''
        : changeText({ ...after, userPrincipalName: undefined }, undefined);
  return (
    <>
      <Text>{userId === undefined ? name : <PersonLink userId={userId}>{name}</PersonLink>}</Text>
      <Text size={200} block className={styles.details}>
        {action !== 'update' && `${actionTexts[action]} · `}
        <Isolated>{script}</Isolated>
      </Text>
      {values !== '' && (
        <Text size={200} block>
          <Isolated>{values}</Isolated>
        </Text>
      )}
    </>
  );
}
