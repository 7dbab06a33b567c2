import { Badge, type BadgeProps, Field, makeStyles, ProgressBar, Text, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { Announcement } from '../announcement.js';
import { formatDate, formatNumber } from '../format.js';
import { Isolated } from '../isolated.js';
import type { Job } from './job-queries.js';
import { countsText, isActive, settledRows, stateText, stateTexts } from './job-state.js';
import { timeLeft } from './time-left.js';

const useStyles = makeStyles({
  progress: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  line: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
  details: { color: tokens.colorNeutralForeground3, overflowWrap: 'anywhere' },
});

const stateColors = {
  queued: 'informative',
  running: 'brand',
  'waiting-for-approval': 'warning',
  'waiting-for-sign-in': 'warning',
  cancelling: 'informative',
  done: 'success',
  cancelled: 'subtle',
} as const satisfies Record<Job['state'], BadgeProps['color']>;

/** The state of a job, with the number of its failures. `done` is green only if there is none. */
export function StateBadge({ job }: { readonly job: Job }) {
  const { state, counts } = job;
  const problemColor = counts.rejected > 0 ? 'danger' : counts.unknown > 0 ? 'warning' : undefined;
  return (
    <Badge appearance="tint" color={(state === 'done' ? problemColor : undefined) ?? stateColors[state]}>
      {stateText(job)}
    </Badge>
  );
}

/** The state of a job, the number of its rows by outcome, and what it waits for. */
export function JobProgress({ job }: { readonly job: Job }) {
  const styles = useStyles();
  const isRunning = isActive(job);
  const left = useTimeLeft(job);
  const text = [`${formatNumber(settledRows(job))} of ${formatNumber(job.total)}`, settledText(job), left]
    .filter((part) => part !== undefined)
    .join(' · ');
  const ended = job.endedAt === undefined ? '' : `, ended ${formatDate(job.endedAt)}`;
  return (
    <div className={styles.progress}>
      {isRunning && (
        <Field label="Progress" validationState="none">
          <ProgressBar value={settledRows(job)} max={job.total} thickness="large" />
        </Field>
      )}
      <div className={styles.line}>
        <StateBadge job={job} />
        {isRunning && <Text>{text}</Text>}
        <Text size={200} className={styles.details}>
          Started by <Isolated>{job.startedBy.name}</Isolated>, {formatDate(job.startedAt)}
          {ended}
        </Text>
      </div>
      <Announcement text={isRunning ? text : `${stateTexts[job.state]}: ${countsText(job)}`} inProgress={isRunning} />
      <StateAdvice job={job} />
    </div>
  );
}

const settledText = (job: Job) => countsText({ counts: { ...job.counts, waiting: 0 } });

/** The remaining time of a running job, from its rate since it was shown. */
function useTimeLeft(job: Job): string | undefined {
  const done = settledRows(job);
  const [first, setFirst] = useState({ at: Date.now(), done });
  // A resumed job has fewer rows with an outcome.
  if (done < first.done) setFirst({ at: Date.now(), done });
  if (job.state !== 'running') return undefined;
  return timeLeft(done - first.done, job.total - first.done, Date.now() - first.at);
}

/** What the user can do while the job runs or waits. */
function StateAdvice({ job: { state, durable, startedBy } }: { readonly job: Job }) {
  switch (state) {
    case 'queued':
    case 'running':
      return (
        <Text>
          You can close this page: the job continues
          {durable ? '' : ' unless the service restarts'}. Activity shows the result of each row. Microsoft Graph limits
          the rate of changes, so progress can pause.
        </Text>
      );
    case 'cancelling':
      return <Text>Rows that were already sent to Microsoft Graph are completed. The others are not sent.</Text>;
    case 'waiting-for-approval':
      return (
        <Text>
          A second administrator must approve these changes in Intune. The service then completes them automatically if
          it has permission to read approval requests. Otherwise, choose “Complete approved changes”. You can close this
          page.
        </Text>
      );
    case 'waiting-for-sign-in':
      return (
        <Text>
          The session of the user for whom this job runs has ended, or this user has lost the role that can change
          states. Choose “Resume” to continue. If the job uses the permissions of <Isolated>{startedBy.name}</Isolated>,
          only this user can resume it.
        </Text>
      );
    case 'done':
    case 'cancelled':
      return null;
    default:
      return state satisfies never;
  }
}
