import type {
  inferRouterInputs,
  inferRouterOutputs,
  TRPCBuiltRouter,
  TRPCDecorateCreateRouterOptions,
} from '@trpc/server';
import type { activityRouter } from './api/activity.js';
import type { Context } from './api/context.js';
import type { deviceRunStateRouter } from './api/device-run-state.js';
import type { ErrorShape } from './api/error-data.js';
import type { scriptRouter } from './api/script.js';
import type { scriptUserStateRouter } from './api/script-user-state.js';
import type { sessionRouter } from './api/session.js';
import type { Meta } from './api/trpc.js';
import type { updateJobRouter } from './api/update-job.js';

export type { ActivityListInput } from './api/activity.js';
export type {
  ErrorData,
  ErrorDataOf,
  ErrorDetails,
  ErrorShape,
  GuaranteedDetails,
  InputIssue,
  Reason,
} from './api/error-data.js';
export type { PageRef, ScriptPageInput, StatePageInput } from './api/inputs/target.js';
export type { ScriptListInput } from './api/script.js';
export type {
  Change,
  CreateInput,
  DeleteInput,
  UpdateInput,
  UserListInput,
} from './api/script-user-state.js';
export type { CurrentSession } from './api/session.js';
export type { Meta } from './api/trpc.js';
export type { JobInput, JobResult, JobResultsInput, JobRowInput, StartedJob, StartJobInput } from './api/update-job.js';
export type { UpdateManyInput, UpdateResult, UpdateRow } from './api/update-many.js';
export type { AuditedOutcome } from './audit/audit.js';
export type { Role } from './auth/user.js';
export type { Progress } from './bulk/worker-pool.js';
export type { CallReason, GraphIds } from './errors.js';
export type {
  Device,
  DeviceRunState,
  RunSummary,
  ScriptOverview,
  ScriptSummary,
  UserStateOfScript,
} from './graph/entities.js';
export type {
  Approval,
  ExpectedUserState,
  NewUserState,
  Page,
  UserStatePatch,
  UserStateValues,
} from './graph/graph.js';
export type { ScriptKind, ScriptRef, StateRef } from './graph/ids.js';
export type { Activity } from './jobs/activity.js';
export type { Job, JobState, Person, RowCounts, RowOutcome } from './jobs/job.js';
export type { ScriptUserState } from './script-user-state.js';

interface RouterTypes {
  ctx: Context;
  meta: Meta;
  errorShape: ErrorShape;
  transformer: false;
}

/** The routers by their name. Unlike the type of `appRouter`, they keep the comments of their procedures. */
type Routers = {
  /** Who changed which state, and when. */
  activity: typeof activityRouter;
  /** How scripts ran on devices. */
  deviceRunState: typeof deviceRunStateRouter;
  /** The scripts of the tenant. */
  script: typeof scriptRouter;
  /** The run states that Graph stores per script and person. */
  scriptUserState: typeof scriptUserStateRouter;
  /** The session of the caller. */
  session: typeof sessionRouter;
  /** Updates that continue without their caller. */
  updateJob: typeof updateJobRouter;
};

/** The type of the router: the type argument of a tRPC client. */
export interface AppRouter extends TRPCBuiltRouter<RouterTypes, TRPCDecorateCreateRouterOptions<Routers>> {}

/** The input of every procedure, by its path. */
export type RouterInputs = inferRouterInputs<AppRouter>;

/** The output of every procedure, by its path. */
export type RouterOutputs = inferRouterOutputs<AppRouter>;
