import { z } from 'zod';
import { CallError } from '../errors.js';
import type { ExpectedUserState, Page, UserStateValues } from '../graph/graph.js';
import type { StateRef } from '../graph/ids.js';
import type { CursorCodec } from '../graph/requests/cursor.js';
import { countRows, type Job, type JobActor, type JobRecord, type JobRow, type RowOutcome } from './job.js';
import type { JobQueue } from './job-queue.js';
import { createJobRunner, type JobRunnerParts } from './job-runner.js';
import { cancel, isActive, type JobChange, resume } from './job-state.js';
import type { JobStore } from './job-store.js';
import { createJobWatch } from './job-watch.js';
import { rowsToUndo } from './row-result.js';

/** Why a call is not possible for a job. */
export type JobProblem = 'unknown-job' | 'not-the-owner' | 'still-active' | 'nothing-to-undo';

/** A call that is not possible for a job. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly problem: JobProblem;

  constructor(problem: JobProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** A new job. */
export interface NewJob {
  readonly updates: readonly JobUpdate[];
  readonly title?: string | undefined;
  /** Files each row for approval by a second administrator. */
  readonly justification?: string | undefined;
  /** A repeated start by the same user with this key returns the existing job. */
  readonly key?: string | undefined;
}

/** One update of a new job. */
export interface JobUpdate extends StateRef {
  readonly patch: UserStateValues;
  readonly expected?: ExpectedUserState | undefined;
}

/** Updates that continue without their caller. */
export interface Jobs {
  readonly areDurable: boolean;
  /** Stores a job. @returns its id @throws {CallError} `OVERLOADED` if there are too many jobs or rows */
  start(actor: JobActor, job: NewJob): Promise<string>;
  /** @throws {CursorError} */
  list(cursor: string | undefined): Promise<Page<Job>>;
  /** @throws {JobError} `unknown-job` */
  get(jobId: string): Promise<Job>;
  /** @throws {JobError} `unknown-job` @throws {CursorError} */
  results(jobId: string, outcome: RowOutcome | undefined, cursor: string | undefined): Promise<Page<JobRow>>;
  /** The current job, then the job after each change, until it has ended, is deleted, or the service stops. */
  watch(jobId: string, signal: AbortSignal | undefined): AsyncIterable<Job>;
  /** Cancels the rows that have not been sent. @throws {JobError} `unknown-job` */
  cancel(jobId: string): Promise<Job>;
  /**
   * Sends the rows again that failed, were not sent, or wait for approval. An active job does not change.
   *
   * @throws {JobError} `unknown-job`; `not-the-owner` if the job uses the tokens of another person
   */
  resume(jobId: string, actor: JobActor): Promise<Job>;
  /**
   * Starts a job that restores the values from before the applied rows. States that have changed since are not written
   * to.
   *
   * @returns its id, the same one for each call of this person until the state of the first job changes
   * @throws {JobError} `unknown-job`, `still-active` or `nothing-to-undo`
   */
  undo(jobId: string, actor: JobActor): Promise<string>;
  /** Ends the streams, hands over the jobs, and waits for the rows that have been sent. */
  stop(): Promise<void>;
}

/** The dependencies of {@link createJobs}. */
export interface JobsParts extends Omit<JobRunnerParts, 'onChange' | 'store'> {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly cursors: CursorCodec;
}

const jobsPerPage = 50;
const rowsPerPage = 500;
/**
 * The longest page of rows, in characters of JSON. Rows of usual length fit. A batch of calls creates one response from
 * all its pages, whose rows can have names of 1,024 characters several times.
 */
const maxPageLength = 512 * 1024;

/** How long a caller should wait before it tries to start a job again, in milliseconds. */
const retryAfterMs = 5_000;

const jobPosition = z.object({ startedAt: z.string(), jobId: z.string() });
const rowPosition = z.object({ from: z.int().min(0) });

/** Creates the jobs and starts to run them. */
export function createJobs({ store, queue, cursors, ...parts }: JobsParts): Jobs {
  const watch = createJobWatch(store);
  let isStopping = false;

  queue.start(createJobRunner({ ...parts, store, onChange: watch.onChange }));

  function describe(record: JobRecord): Job {
    const { jobId, title, startedBy, startedAt, endedAt, state, total, counts } = record;
    const ended = endedAt !== undefined && { endedAt };
    return { jobId, title, startedBy, startedAt, ...ended, state, durable: store.isDurable, total, counts };
  }

  async function recordOf(jobId: string): Promise<JobRecord> {
    return requireJob(await store.get(jobId));
  }

  async function change(jobId: string, changeJob: JobChange): Promise<Job> {
    const record = requireJob(await store.update(jobId, changeJob));
    if (isActive(record)) await queue.add(jobId);
    return describe(record);
  }

  /** @throws {CallError} `OVERLOADED` if this process stops, and no other one would run the job */
  function requireRunner(): void {
    if (isStopping && !store.isDurable) throw new CallError('OVERLOADED', { retryAfterMs });
  }

  async function create(actor: JobActor, rows: readonly JobRow[], more: Omit<NewJob, 'updates'>): Promise<string> {
    requireRunner();
    const now = Date.now();
    const jobId = crypto.randomUUID();
    const stored = await store.create(
      {
        jobId,
        title: more.title ?? null,
        startedBy: { oid: actor.oid, name: actor.name },
        startedAt: new Date(now).toISOString(),
        state: 'queued',
        total: rows.length,
        counts: countRows(rows),
        actor,
        justification: more.justification,
        key: more.key,
        changedAtMs: now,
      },
      rows,
    );
    if (stored === jobId) await queue.add(jobId);
    return stored;
  }

  return {
    areDurable: store.isDurable,

    start(actor, { updates, key, ...more }) {
      const rows = updates.map(
        ({ scriptKind, scriptId, userStateId, patch, expected }, index): JobRow => ({
          index,
          scriptKind,
          scriptId,
          userStateId,
          patch,
          ...(expected !== undefined && { expected }),
          outcome: 'waiting',
        }),
      );
      return create(actor, rows, { ...more, key: key && `start ${key}` });
    },

    async list(cursor) {
      const query = 'jobs';
      const records = await store.list(cursors.decode(cursor, jobPosition, query), jobsPerPage);
      const last = records.length === jobsPerPage ? records.at(-1) : undefined;
      const position = last && { startedAt: last.startedAt, jobId: last.jobId };
      return { items: records.map(describe), ...nextPage(cursors.encode(position, query)) };
    },

    get: async (jobId) => describe(await recordOf(jobId)),

    async results(jobId, outcome, cursor) {
      const query = `results ${jobId} ${outcome ?? ''}`;
      const { from } = cursors.decode(cursor, rowPosition, query) ?? { from: 0 };
      await recordOf(jobId);
      const rows = await store.rows(jobId, { from, limit: rowsPerPage, outcome });
      const items = fittingRows(rows);
      const last = rows.length === rowsPerPage || items.length < rows.length ? items.at(-1) : undefined;
      return { items, ...nextPage(cursors.encode(last && { from: last.index + 1 }, query)) };
    },

    async *watch(jobId, signal) {
      for await (const record of watch.records(jobId, signal)) yield describe(record);
    },

    cancel: (jobId) => change(jobId, cancel),

    async resume(jobId, actor) {
      const { startedBy, actor: last } = await recordOf(jobId);
      requireRunner();
      if (last.isDelegated && startedBy.oid !== actor.oid) throw new JobError('not-the-owner');
      return change(jobId, resume(actor));
    },

    async undo(jobId, actor) {
      const record = await recordOf(jobId);
      if (isActive(record)) throw new JobError('still-active');
      const rows = rowsToUndo(await store.rows(jobId, { from: 0, limit: record.total }));
      if (rows.length === 0) throw new JobError('nothing-to-undo');
      const { title, justification } = record;
      return create(actor, rows, {
        title: `Undo: ${title ?? jobId}`,
        justification,
        key: `undo ${jobId} ${record.changedAtMs}`,
      });
    },

    async stop() {
      isStopping = true;
      watch.stop();
      await queue.stop();
    },
  };
}

function requireJob(record: JobRecord | undefined): JobRecord {
  if (record === undefined) throw new JobError('unknown-job');
  return record;
}

function nextPage(nextCursor: string | undefined): Pick<Page<never>, 'nextCursor'> {
  return nextCursor === undefined ? {} : { nextCursor };
}

/** The first rows that fit into a page, at least one. */
function fittingRows(rows: readonly JobRow[]): readonly JobRow[] {
  let length = 0;
  const end = rows.findIndex((row) => {
    length += JSON.stringify(row).length;
    return length > maxPageLength;
  });
  return end === -1 ? rows : rows.slice(0, Math.max(end, 1));
}
