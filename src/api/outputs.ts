import type { inferRouterOutputs } from '@trpc/server';
import { z } from 'zod';
import type { Device, DeviceRunState, RunSummary, ScriptSummary } from '../graph/entities.js';
import type { Page } from '../graph/graph.js';
import { scriptKinds } from '../graph/ids.js';
import type { Activity } from '../jobs/activity.js';
import { type Job, jobStates, rowOutcomes } from '../jobs/job.js';
import type { ScriptUserState } from '../script-user-state.js';
import type { ErrorDetails, ErrorShape } from './error-data.js';
import { reasonCodes } from './errors.js';
import type { appRouter } from './router.js';

// The schemas of outputs, for the JSON Schemas of the API. The service itself does not parse its outputs with them.

const id = z.string().min(1);
const text = z.string().nullable();
/** Longer texts are truncated. */
const displayText = z.string().max(2_000).nullable();
const count = z.int().min(-2_147_483_648).max(2_147_483_647);

const userStateFields = { id, successDeviceCount: count, errorDeviceCount: count, userPrincipalName: text };
const userState = z.object(userStateFields) satisfies z.ZodType<ScriptUserState>;

const device = z.object({
  id,
  deviceName: displayText,
  operatingSystem: displayText,
  osVersion: displayText,
  lastSyncDateTime: displayText,
  userId: displayText,
  userPrincipalName: displayText,
}) satisfies z.ZodType<Device>;

const deviceRunState = z.object({
  id,
  runState: displayText,
  resultMessage: displayText,
  lastStateUpdateDateTime: displayText,
  errorCode: count.nullable(),
  errorDescription: displayText,
  device: device.nullable(),
}) satisfies z.ZodType<DeviceRunState>;

const scriptFields = {
  id,
  displayName: displayText,
  description: displayText,
  fileName: displayText,
  runAsAccount: displayText,
  lastModifiedDateTime: displayText,
};
const script = z.object(scriptFields) satisfies z.ZodType<ScriptSummary>;

const summary = z.object({
  successDeviceCount: count,
  errorDeviceCount: count,
  successUserCount: count,
  errorUserCount: count,
}) satisfies z.ZodType<RunSummary>;

const page = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.exactOptional(z.string()),
    unreadable: z.exactOptional(z.int().min(1)),
  }) satisfies z.ZodType<Page<z.output<Item>>>;

const errorDetails = {
  httpStatus: z.int(),
  path: z.exactOptional(z.string()),
  requestId: z.string(),
  graph: z.exactOptional(
    z.object({
      requestId: z.exactOptional(z.string()),
      clientRequestId: z.exactOptional(z.string()),
      activityId: z.exactOptional(z.string()),
    }),
  ),
  retryAfterMs: z.exactOptional(z.number().min(0)),
  approvalCode: z.exactOptional(z.string()),
  missingPermissions: z.exactOptional(z.array(z.string())),
  current: z.exactOptional(userState),
  issues: z.exactOptional(
    z.array(z.object({ path: z.array(z.union([z.string(), z.int()])), message: z.string() })).max(100),
  ),
} satisfies { [Name in Exclude<keyof ErrorDetails, 'code'>]-?: z.ZodType<ErrorDetails[Name]> };

/** A failed call. Later versions can add reasons, so that these are examples. */
export const errorOutput = z.object({
  message: z.string(),
  code: z.int(),
  data: z.object({
    code: z.string(),
    reason: z.string().meta({ examples: Object.keys(reasonCodes) }),
    ...errorDetails,
  }),
});

const result = z.object({ type: z.literal('result'), index: z.int().min(0) });

const time = z.iso.datetime();
const jobId = z.uuid();
const person = z.object({ oid: z.string(), name: z.string() });
const rows = z.int().min(0);

const job = z.object({
  jobId,
  title: text,
  startedBy: person,
  startedAt: time,
  endedAt: z.exactOptional(time),
  state: z.enum(jobStates),
  durable: z.boolean(),
  total: z.int().min(1),
  counts: z.object({
    waiting: rows,
    applied: rows,
    unchanged: rows,
    rejected: rows,
    unknown: rows,
    'pending-approval': rows,
    'not-sent': rows,
  }),
}) satisfies z.ZodType<Job>;

const values = z.object({
  successDeviceCount: z.exactOptional(count),
  errorDeviceCount: z.exactOptional(count),
  userPrincipalName: z.exactOptional(text),
});

const jobResult = z.object({
  index: z.int().min(0),
  scriptKind: z.enum(scriptKinds),
  scriptId: id,
  userStateId: id,
  patch: values,
  expected: z.exactOptional(values),
  outcome: z.enum(rowOutcomes),
  before: z.exactOptional(userState),
  userState: z.exactOptional(userState),
  error: z.exactOptional(errorOutput),
  approvalCode: z.exactOptional(z.string()),
});

const activity = z.object({
  at: time,
  actor: person,
  action: z.enum(['update', 'create', 'delete']),
  scriptKind: z.string(),
  scriptId: id,
  userStateId: z.exactOptional(id),
  before: z.exactOptional(userState),
  after: z.exactOptional(userState),
  outcome: z.enum(['applied', 'unchanged', 'rejected', 'pending-approval', 'unknown']),
  requestId: z.string(),
  jobId: z.exactOptional(jobId),
}) satisfies z.ZodType<Activity>;

/**
 * The part of an output that its schema describes: of a stream its events, of errors the shape that all reasons share.
 */
type Described<Output> =
  Output extends AsyncIterable<infer Event>
    ? Described<Event>
    : Output extends Page<infer Item extends { readonly error?: ErrorShape | undefined }>
      ? Page<Described<Item>>
      : Output extends { readonly error: ErrorShape }
        ? Omit<Output, 'error'> & { readonly error: z.output<typeof errorOutput> }
        : Output extends { readonly error?: ErrorShape | undefined }
          ? Omit<Output, 'error'> & { readonly error?: z.output<typeof errorOutput> }
          : Output;

type Outputs = inferRouterOutputs<typeof appRouter>;
type OutputSchemas = {
  readonly [Router in keyof Outputs]: {
    readonly [Name in keyof Outputs[Router]]: z.ZodType<Described<Outputs[Router][Name]>>;
  };
};

const outputs = {
  activity: { list: page(activity) },
  deviceRunState: { list: page(deviceRunState), listForScript: page(deviceRunState) },
  script: { list: page(script), overview: page(z.object({ ...scriptFields, summary: summary.nullable() })) },
  scriptUserState: {
    list: page(userState),
    listForUser: page(
      z.object({ ...userStateFields, scriptKind: z.enum(scriptKinds), scriptId: id, scriptName: text }),
    ),
    get: userState,
    update: userState,
    updateMany: z.union([
      z.object({ type: z.literal('progress'), done: z.int().min(0), total: z.int().min(1) }),
      result.extend({ ok: z.literal(true), userState }),
      result.extend({ ok: z.literal(false), error: errorOutput }),
    ]),
    create: userState,
    delete: z.object({ id }),
  },
  session: {
    current: z.object({
      user: z.object({ oid: z.string(), name: z.string(), username: text }),
      roles: z.array(z.enum(['reader', 'operator'])),
      expiresAt: z.iso.datetime().nullable(),
      idleExpiresAt: z.iso.datetime().nullable(),
      graph: z.enum(['live', 'simulator']),
      version: z.string(),
      durableJobs: z.boolean(),
    }),
  },
  updateJob: {
    start: z.object({ jobId }),
    list: page(job),
    get: job,
    results: page(jobResult),
    watch: job,
    cancel: job,
    resume: job,
    undo: z.object({ jobId }),
  },
} satisfies OutputSchemas;

/** The schemas of all outputs by the path of the procedure; of a stream, that of its events. */
export const outputsByPath: ReadonlyMap<string, z.ZodType> = new Map(
  Object.entries(outputs).flatMap(([router, schemas]) =>
    Object.entries(schemas).map(([name, schema]: [string, z.ZodType]) => [`${router}.${name}`, schema] as const),
  ),
);
