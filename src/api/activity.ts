import { z } from 'zod/mini';
import type { Page } from '../graph/graph.js';
import type { ScriptKind } from '../graph/ids.js';
import type { Activity } from '../jobs/activity.js';
import { type InputSchema, inputObject } from './inputs/messages.js';
import { type PageRef, pageFields, scriptKind, targetFields } from './inputs/target.js';
import { jobId } from './inputs/update-job.js';
import { callsPerPage } from './page-cost.js';
import { readerProcedure, router } from './trpc.js';

/** Selects the writes of the list: all of them, or those of a script, a state or a job. */
export interface ActivityListInput extends PageRef {
  readonly scriptKind?: ScriptKind | undefined;
  /** Requires `scriptKind`. */
  readonly scriptId?: string | undefined;
  /** Requires `scriptId`. */
  readonly userStateId?: string | undefined;
  readonly jobId?: string | undefined;
}

const listInput: InputSchema<ActivityListInput> = inputObject({
  scriptKind: z.optional(scriptKind),
  scriptId: z.optional(targetFields.scriptId),
  userStateId: z.optional(targetFields.userStateId),
  jobId: z.optional(jobId),
  ...pageFields,
}).check(
  z.refine((input) => input.scriptId === undefined || input.scriptKind !== undefined, {
    message: 'requires scriptKind',
    path: ['scriptId'],
  }),
  z.refine((input) => input.userStateId === undefined || input.scriptId !== undefined, {
    message: 'requires scriptId',
    path: ['userStateId'],
  }),
);

/** The latest writes of all users. */
export const activityRouter = router({
  /** Writes of single calls and of rows, newest first: who changed what, when, from which values to which. */
  list: readerProcedure.input(listInput).query(({ ctx, input }): Promise<Page<Activity>> => {
    ctx.admission.add('calls', callsPerPage);
    return ctx.activity.list(input, input.cursor);
  }),
});
