import type { TRPCProcedureType } from '@trpc/server';
import type { z } from 'zod';
import { activityRouter } from './activity.js';
import { deviceRunStateRouter } from './device-run-state.js';
import { scriptRouter } from './script.js';
import { scriptUserStateRouter } from './script-user-state.js';
import { sessionRouter } from './session.js';
import { type Meta, router } from './trpc.js';
import { updateJobRouter } from './update-job.js';

/** All procedures. */
export const appRouter = router({
  activity: activityRouter,
  deviceRunState: deviceRunStateRouter,
  script: scriptRouter,
  scriptUserState: scriptUserStateRouter,
  session: sessionRouter,
  updateJob: updateJobRouter,
});

// At run time the record is flat and has no prototype; its keys are paths. Its type is that of the nested record.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const record = appRouter._def.procedures as unknown as Readonly<Record<string, { _def: ProcedureInfo }>>;

/** The properties of a procedure that the HTTP layer and the JSON Schemas use. */
export interface ProcedureInfo {
  readonly type: TRPCProcedureType;
  /** The schema of its input, if it has one. */
  readonly inputs: readonly z.core.$ZodType[];
  readonly meta?: Meta;
}

/** All procedures by their path. */
export const procedures: ReadonlyMap<string, ProcedureInfo> = new Map(
  Object.entries(record).map(([path, { _def }]) => [path, _def]),
);
