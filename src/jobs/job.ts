import type { CallErrorDetails, CallReason } from '../errors.js';
import type { ExpectedUserState, UserStateValues } from '../graph/graph.js';
import type { StateRef } from '../graph/ids.js';
import type { ScriptUserState } from '../script-user-state.js';

/** The states of jobs. */
export const jobStates = [
  'queued',
  'running',
  'waiting-for-approval',
  'waiting-for-sign-in',
  'cancelling',
  'done',
  'cancelled',
] as const;

/**
 * The state of a job. `waiting-for-approval`: all rows have an outcome, and some wait for a second administrator.
 * `waiting-for-sign-in`: the user of the job has signed out or lost the role, and rows wait until the job is resumed.
 */
export type JobState = (typeof jobStates)[number];

/** The outcomes of rows. */
export const rowOutcomes = [
  'waiting',
  'applied',
  'unchanged',
  'rejected',
  'unknown',
  'pending-approval',
  'not-sent',
] as const;

/**
 * The outcome of a row. `waiting`: it has none yet. `unchanged`: the state had the values already. `not-sent`: the job
 * was cancelled first.
 */
export type RowOutcome = (typeof rowOutcomes)[number];

/** How many rows have each outcome. */
export type RowCounts = Readonly<Record<RowOutcome, number>>;

/** A person. */
export interface Person {
  /** The object id in the directory. */
  readonly oid: string;
  readonly name: string;
}

/** Updates that continue without their caller. */
export interface Job {
  readonly jobId: string;
  readonly title: string | null;
  readonly startedBy: Person;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When it was done or cancelled (ISO 8601, UTC). */
  readonly endedAt?: string;
  readonly state: JobState;
  /** Whether the job outlives the process. */
  readonly durable: boolean;
  /** The number of rows. */
  readonly total: number;
  /** The number of rows by their outcome. */
  readonly counts: RowCounts;
}

/** The user for whom a job calls Graph, and the request with which they started or resumed it. */
export interface JobActor extends Person {
  readonly requestId: string;
  /** Their session, if there is sign-in. */
  readonly sessionId?: string | undefined;
  /** Whether the job uses the tokens of the session instead of the token of the service. */
  readonly isDelegated?: boolean | undefined;
}

/** A job, as it is stored. */
export interface JobRecord extends Omit<Job, 'durable' | 'endedAt'> {
  readonly endedAt?: string | undefined;
  /** The person who started it or, later, resumed it. */
  readonly actor: JobActor;
  readonly justification?: string | undefined;
  /** Identifies the start: a repeated start by the same user with this key returns the existing job. */
  readonly key?: string | undefined;
  /** When its state changed last, epoch ms. */
  readonly changedAtMs: number;
  /** Set until the rows to send again have been selected, after the job was resumed. */
  readonly isResumed?: boolean | undefined;
}

/** Why a row failed. */
export interface RowFailure {
  readonly reason: CallReason | 'INTERNAL';
  readonly details: Omit<CallErrorDetails, 'cause'> & { readonly cause?: undefined };
  /** The request with which the job was started or resumed. */
  readonly requestId: string;
}

/** One update of a job. */
export interface JobRow extends StateRef {
  /** Its position in the job, from 0. */
  readonly index: number;
  readonly patch: UserStateValues;
  readonly expected?: ExpectedUserState | undefined;
  readonly outcome: RowOutcome;
  /** Whether a request may have been sent whose outcome is not known. */
  readonly isSent?: boolean | undefined;
  /** The state before the write, if it was read. */
  readonly before?: ScriptUserState;
  /** The state as Graph showed it after the write. */
  readonly userState?: ScriptUserState;
  readonly failure?: RowFailure | undefined;
  /** The code with which the row is completed once it has been approved. */
  readonly approvalCode?: string | undefined;
}

/** Counts rows by their outcome. */
export function countRows(rows: readonly Pick<JobRow, 'outcome'>[]): RowCounts {
  const counts = {
    waiting: 0,
    applied: 0,
    unchanged: 0,
    rejected: 0,
    unknown: 0,
    'pending-approval': 0,
    'not-sent': 0,
  };
  for (const { outcome } of rows) counts[outcome]++;
  return counts;
}

/** Counts jobs by their state. */
export function countJobs(jobs: readonly Pick<Job, 'state'>[]): Readonly<Record<JobState, number>> {
  const counts = {
    queued: 0,
    running: 0,
    'waiting-for-approval': 0,
    'waiting-for-sign-in': 0,
    cancelling: 0,
    done: 0,
    cancelled: 0,
  };
  for (const { state } of jobs) counts[state]++;
  return counts;
}
