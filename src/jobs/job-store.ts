import type { JobRecord, JobRow, JobState, RowCounts, RowOutcome } from './job.js';
import type { JobChange } from './job-state.js';

/** The position of a job in the list, which is sorted by time, newest first. */
export type JobPosition = Pick<JobRecord, 'startedAt' | 'jobId'>;

/** Selects rows. */
export interface RowSelection {
  /** The lowest index. */
  readonly from: number;
  readonly limit: number;
  readonly outcome?: RowOutcome | undefined;
}

/**
 * What has changed in a job: its rows and their counts, or any part. `reconnected`: perhaps any part, and the store may
 * have lost the latest changes.
 */
export type ChangedPart = 'rows' | 'all' | 'reconnected';

/** The contents of a store in numbers, for the metrics. */
export interface JobStats {
  /** The number of jobs in each state. */
  readonly jobs: Readonly<Record<JobState, number>>;
  /** The time since which the oldest active job is in its state, epoch ms. `undefined` if no job is active. */
  readonly oldestActiveAtMs: number | undefined;
  /** The rows of active jobs that have no outcome. */
  readonly waitingRows: number;
  /** The rows of all jobs. */
  readonly rows: number;
  /** The maximum number of rows. */
  readonly maxRows: number;
}

/**
 * Stores jobs and their rows. A job is deleted by age after it has ended, never earlier. Every method throws a
 * `CallError` with `OVERLOADED` if the store cannot be used.
 */
export interface JobStore {
  /** Whether jobs outlive the process. */
  readonly isDurable: boolean;
  /**
   * Stores a new job.
   *
   * @returns its id, or the id of the job that the same user started with the same key
   * @throws {CallError} `OVERLOADED` if a limit is reached; `OUTCOME_UNKNOWN` if the job may have been stored
   */
  create(job: JobRecord, rows: readonly JobRow[]): Promise<string>;
  get(jobId: string): Promise<JobRecord | undefined>;
  /** The jobs after a position, newest first. */
  list(after: JobPosition | undefined, limit: number): Promise<readonly JobRecord[]>;
  /**
   * Changes a job atomically, except for its counts.
   *
   * @param run the number of the run that makes the change
   * @returns the job after the change; `undefined` if there is no such job
   * @throws {CallError} `OVERLOADED` also if a later run has replaced the run, or if the change queues a job and a
   *   limit is reached
   */
  update(jobId: string, change: JobChange, run?: number): Promise<JobRecord | undefined>;
  /** The selected rows, by index. */
  rows(jobId: string, selection: RowSelection): Promise<readonly JobRow[]>;
  /**
   * Replaces rows, and the counts of the job.
   *
   * @param run the number of the run that makes the change
   * @throws {CallError} `OVERLOADED` also if a later run has replaced the run, or the job no longer exists
   */
  saveRows(jobId: string, rows: readonly JobRow[], counts: RowCounts, run?: number): Promise<void>;
  /** The contents of the store in numbers, for all replicas: one round trip at most. */
  stats(): Promise<JobStats>;
  /** Calls back after each change of a job, at every replica; without an id if any job may have changed. */
  onChange(listener: (jobId: string | undefined, part: ChangedPart) => void): void;
}
