import { CallError } from '../errors.js';

/** The limits of a store of jobs. */
export interface JobLimits {
  /** The jobs of one person that have not ended. */
  readonly activePerPerson: number;
  /** The jobs that have not ended. */
  readonly active: number;
  /** The rows of all stored jobs of one person. */
  readonly rowsPerPerson: number;
  /** The rows of all stored jobs. */
  readonly rows: number;
}

/** The limits of every store. 60,000 rows with all their values take about 60 MB. */
export const jobLimits: JobLimits = { activePerPerson: 10, active: 40, rowsPerPerson: 30_000, rows: 60_000 };

/** How long a caller should wait before it tries to start a job again, in milliseconds. */
const retryAfterMs = 60_000;

const explanations = {
  jobs: 'Too many jobs have not ended. Cancel one, or retry when one has ended.',
  rows: 'There is no space for more rows until earlier jobs are deleted by age. Nothing was started.',
} as const;

/** The error of a store that has reached a limit: that of active jobs, or of stored rows. */
export const limitReached = (limit: 'jobs' | 'rows'): CallError =>
  new CallError('OVERLOADED', { retryAfterMs, explanation: explanations[limit] });
