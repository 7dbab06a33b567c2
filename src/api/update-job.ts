import { getTRPCErrorFromUnknown } from '@trpc/server';
import { z } from 'zod/mini';
import type { AuditedEvent } from '../audit/audit.js';
import type { User } from '../auth/user.js';
import { CallError } from '../errors.js';
import type { ExpectedUserState, Page, UserStatePatch, UserStateValues } from '../graph/graph.js';
import type { StateRef } from '../graph/ids.js';
import { type Job, type JobActor, type JobRow, type RowFailure, type RowOutcome, rowOutcomes } from '../jobs/job.js';
import { JobError, type JobProblem } from '../jobs/jobs.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { Context } from './context.js';
import type { ErrorShape } from './error-data.js';
import { describeError, invalidInput, Refusal } from './errors.js';
import { type InputSchema, inputObject, messages } from './inputs/messages.js';
import { inputRows } from './inputs/rows.js';
import { type PageRef, pageFields } from './inputs/target.js';
import { jobFields, jobId, jobRow } from './inputs/update-job.js';
import { maxUpdates } from './inputs/user-state.js';
import { callsPerPage } from './page-cost.js';
import { operatorProcedure, readerProcedure, router } from './trpc.js';
import { minRows } from './update-many.js';

/** One update of a job. */
export interface JobRowInput extends StateRef {
  readonly patch: UserStatePatch;
  /** The values that the caller saw. If the state has other values, nothing is sent: `CONFLICT`. */
  readonly expected?: ExpectedUserState | undefined;
}

/** A new job. */
export interface StartJobInput {
  /** 1 to 5,000 updates. Updates of one state are sent in their order. */
  readonly updates: readonly JobRowInput[];
  /** 1 to 200 characters, for the list of jobs. */
  readonly title?: string | undefined;
  /** Files each update for approval, in a tenant that requires it: 1 to 1,024 characters. */
  readonly justification?: string | undefined;
  /** 1 to 128 printable ASCII characters. A repeated start by the same user with this key returns the existing job. */
  readonly key?: string | undefined;
}

/** A job that was started. */
export interface StartedJob {
  readonly jobId: string;
}

/** Identifies a job. */
export interface JobInput {
  readonly jobId: string;
}

/** Selects rows of a job. */
export interface JobResultsInput extends JobInput, PageRef {
  /** The outcome of the rows. Without it, all rows. */
  readonly outcome?: RowOutcome | undefined;
}

/** One row of a job, with its outcome. */
export interface JobResult extends StateRef {
  /** Its position among the updates of the job, from 0. */
  readonly index: number;
  /** The values to write. `null` is a name that an undo removes. */
  readonly patch: UserStateValues;
  readonly expected?: ExpectedUserState | undefined;
  readonly outcome: RowOutcome;
  /** The state before the write, if it was read. */
  readonly before?: ScriptUserState | undefined;
  /** The state as Graph showed it after the write. */
  readonly userState?: ScriptUserState | undefined;
  /** Why the row failed, or why it is pending. */
  readonly error?: ErrorShape | undefined;
  /** The code that Graph returned when it filed the change for approval. */
  readonly approvalCode?: string | undefined;
}

const startInput: InputSchema<StartJobInput> = inputObject({ updates: inputRows(jobRow, maxUpdates), ...jobFields });
const listInput: InputSchema<PageRef> = inputObject(pageFields);
const jobInput: InputSchema<JobInput> = inputObject({ jobId });
const resultsInput: InputSchema<JobResultsInput> = inputObject({
  jobId,
  outcome: z.optional(z.enum(rowOutcomes, messages)),
  ...pageFields,
});

/** Updates that continue without their caller. Readers see all jobs; operators can also act on the jobs of others. */
export const updateJobRouter = router({
  /** Stores up to 5,000 updates and responds with the id of a job, which sends them without the caller. */
  start: operatorProcedure.input(startInput).mutation(async ({ ctx, input }): Promise<StartedJob> => {
    ctx.admission.add('rows', Math.max(0, input.updates.length - minRows));
    const id = await ctx.jobs.start(actorOf(ctx), input);
    recordEvent(ctx, 'updateJob.start', id);
    return { jobId: id };
  }),

  /** The jobs of all users, newest first. */
  list: readerProcedure.input(listInput).query(({ ctx, input }): Promise<Page<Job>> => {
    ctx.admission.add('calls', callsPerPage);
    return ctx.jobs.list(input.cursor);
  }),

  /** One job. */
  get: readerProcedure.input(jobInput).query(({ ctx, input }): Promise<Job> => orRefusal(ctx.jobs.get(input.jobId))),

  /** The rows of a job by their position, with the values before and after, and their errors. */
  results: readerProcedure.input(resultsInput).query(async ({ ctx, input }): Promise<Page<JobResult>> => {
    ctx.admission.add('calls', callsPerPage);
    const { items, ...page } = await orRefusal(ctx.jobs.results(input.jobId, input.outcome, input.cursor));
    return { items: items.map(describeRow), ...page };
  }),

  /**
   * Streams the current state of the job, then its state after each change, until it has ended. If the stream ends
   * earlier, the connection was lost or the service is stopping: call it again.
   */
  watch: readerProcedure
    .meta({ streamed: true })
    .input(jobInput)
    .query(async ({ ctx, input, signal }): Promise<AsyncIterable<Job>> => {
      ctx.admission.add('watches', 1);
      await orRefusal(ctx.jobs.get(input.jobId));
      return whileAuthorized(ctx, ctx.jobs.watch(input.jobId, signal));
    }),

  /** Cancels the updates that have not been sent. Those that were sent are completed. */
  cancel: operatorProcedure.input(jobInput).mutation(async ({ ctx, input }): Promise<Job> => {
    const job = await orRefusal(ctx.jobs.cancel(input.jobId));
    recordEvent(ctx, 'updateJob.cancel', job.jobId);
    return job;
  }),

  /**
   * Sends the rows again that failed or were not sent, and completes the rows that have been approved. With delegated
   * permissions, only the user who started the job can resume it.
   */
  resume: operatorProcedure.input(jobInput).mutation(async ({ ctx, input }): Promise<Job> => {
    const job = await orRefusal(ctx.jobs.resume(input.jobId, actorOf(ctx)));
    recordEvent(ctx, 'updateJob.resume', job.jobId);
    return job;
  }),

  /** Starts a job that restores the previous values. A state that has changed since is not written to: `CONFLICT`. */
  undo: operatorProcedure.input(jobInput).mutation(async ({ ctx, input, signal }): Promise<StartedJob> => {
    const { total } = await orRefusal(ctx.jobs.get(input.jobId));
    // The caller has disconnected, and would not receive the id.
    if (signal?.aborted) throw new Refusal('CLIENT_CLOSED');
    ctx.admission.add('rows', total);
    const id = await orRefusal(ctx.jobs.undo(input.jobId, actorOf(ctx)));
    recordEvent(ctx, 'updateJob.undo', id, { undoneJobId: input.jobId });
    return { jobId: id };
  }),
});

/** How often a stream reads the session of its caller while the job changes, in milliseconds. */
const checkSessionEveryMs = 5_000;

/** Ends a stream with `SIGN_IN_REQUIRED` when the session of its caller has ended. */
async function* whileAuthorized(ctx: Context, jobs: AsyncIterable<Job>): AsyncGenerator<Job, void> {
  let checkedAt = performance.now();
  for await (const job of jobs) {
    if (performance.now() - checkedAt >= checkSessionEveryMs) {
      if (!(await ctx.isStillAuthorized())) throw new Refusal('SIGN_IN_REQUIRED');
      checkedAt = performance.now();
    }
    yield job;
  }
}

function actorOf({ user, requestId, sessionId, isDelegated }: Context & { readonly user: User }): JobActor {
  return { oid: user.oid, name: user.name, requestId, sessionId, isDelegated };
}

function recordEvent(
  ctx: Context & { readonly user: User },
  action: string,
  id: string,
  more?: Pick<AuditedEvent, 'undoneJobId'>,
): void {
  ctx.audit.record({ event: 'job', requestId: ctx.requestId, oid: ctx.user.oid, action, jobId: id, ...more });
}

const refusals = {
  'unknown-job': () => invalidInput('does not exist, or has been deleted', ['jobId'], 'NOT_FOUND'),
  'not-the-owner': () => new Refusal('ROLE_MISSING'),
  'still-active': () => invalidInput('is still running: cancel it first', ['jobId']),
  'nothing-to-undo': () => invalidInput('has no applied updates', ['jobId']),
} as const satisfies Record<JobProblem, () => Refusal>;

async function orRefusal<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof JobError ? refusals[error.problem]() : error;
  }
}

function describeRow(row: JobRow): JobResult {
  const { index, scriptKind, scriptId, userStateId, patch, expected, outcome, before, userState, approvalCode } = row;
  const error = row.failure && describeFailure(row.failure);
  const target = { scriptKind, scriptId, userStateId };
  return { index, ...target, patch, expected, outcome, before, userState, error, approvalCode };
}

function describeFailure({ reason, details, requestId }: RowFailure): ErrorShape {
  const error = reason === 'INTERNAL' ? new Error(reason) : new CallError(reason, details);
  return describeError(getTRPCErrorFromUnknown(error), requestId, 'updateJob.start');
}
