import type { RouterOutputs } from '../../client/index.js';
import { formatNumber, pluralize } from '../format.js';

type Job = RouterOutputs['updateJob']['get'];
type JobState = Job['state'];
type RowOutcome = keyof Job['counts'];

/** Whether the service works on the job, or is about to. */
export const isActive = ({ state }: Pick<Job, 'state'>): boolean =>
  state === 'queued' || state === 'running' || state === 'cancelling';

/** Whether the job has ended. It can still be resumed. */
export const hasEnded = ({ state }: Pick<Job, 'state'>): boolean => state === 'done' || state === 'cancelled';

/** The number of rows that have an outcome. */
export const settledRows = ({ total, counts }: Pick<Job, 'total' | 'counts'>): number => total - counts.waiting;

/**
 * A text that changes whenever the job or the outcomes of its rows change. The state alone is not enough: a short run
 * can start and end between two updates that the page receives.
 */
export const versionOf = ({ state, endedAt, counts }: Pick<Job, 'state' | 'endedAt' | 'counts'>): string =>
  JSON.stringify([state, endedAt, counts]);

/** The number of rows that `resume` sends again because they failed or were not sent. */
export const unfinishedRows = ({ counts }: Pick<Job, 'counts'>): number =>
  counts.rejected + counts.unknown + counts['not-sent'];

/** The words for each state. */
export const stateTexts = {
  queued: 'Waiting to start',
  running: 'Running',
  'waiting-for-approval': 'Waiting for approval',
  'waiting-for-sign-in': 'Waiting for sign-in',
  cancelling: 'Cancelling',
  done: 'Done',
  cancelled: 'Cancelled',
} as const satisfies Record<JobState, string>;

/** The state of a job in words. A job that is done says how many of its rows are not: `Done, 2 failed`. */
export function stateText({ state, counts }: Pick<Job, 'state' | 'counts'>): string {
  const problems = (['rejected', 'unknown'] as const).filter((outcome) => counts[outcome] > 0);
  if (state !== 'done') return stateTexts[state];
  return [
    stateTexts.done,
    ...problems.map((outcome) => `${formatNumber(counts[outcome])} ${countTexts[outcome]}`),
  ].join(', ');
}

/** The words for each outcome of a row. */
export const outcomeTexts = {
  waiting: 'Not sent yet',
  applied: 'Changed',
  unchanged: 'Unchanged',
  rejected: 'Failed',
  unknown: 'Outcome unknown',
  'pending-approval': 'Waiting for approval',
  'not-sent': 'Not sent',
} as const satisfies Record<RowOutcome, string>;

/** The outcomes in the order in which they are listed. */
export const outcomeOrder = [
  'applied',
  'unchanged',
  'rejected',
  'unknown',
  'pending-approval',
  'not-sent',
  'waiting',
] as const satisfies readonly RowOutcome[];

/** The words for a number of rows with each outcome, in a sentence. */
const countTexts = {
  applied: 'changed',
  unchanged: 'unchanged',
  rejected: 'failed',
  unknown: 'with an unknown outcome',
  'pending-approval': 'waiting for approval',
  'not-sent': 'not sent',
  waiting: 'not sent yet',
} as const satisfies Record<RowOutcome, string>;

/** The rows of a job by outcome: `998 changed, 2 failed`. */
export function countsText({ counts }: Pick<Job, 'counts'>): string {
  return outcomeOrder
    .filter((outcome) => outcome === 'applied' || counts[outcome] > 0)
    .map((outcome) => `${formatNumber(counts[outcome])} ${countTexts[outcome]}`)
    .join(', ');
}

/** The title of a job; without one, the number of its changes. */
export const titleOf = ({ title, total }: Pick<Job, 'title' | 'total'>): string =>
  title ?? pluralize(total, 'change', 'changes');

/** The maximum length that the service accepts. */
const maxTitleLength = 200;

/** Makes a text valid as the title of a job: names in it can contain any characters. */
export function cleanTitle(text: string): string {
  const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ').trim();
  return visible.length > maxTitleLength
    ? `${visible.slice(0, maxTitleLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
    : visible;
}
