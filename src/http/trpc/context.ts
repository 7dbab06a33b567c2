import { TRPCError } from '@trpc/server';
import type { Response } from 'express';
import type { Logger } from 'pino';
import type { Context } from '../../api/context.js';
import { reasonOf } from '../../api/errors.js';
import { type CallObserver, createCallInstrumentation } from '../../api/instrumentation.js';
import { procedures } from '../../api/router.js';
import type { Principal } from '../../auth/principal.js';
import { CallError } from '../../errors.js';
import type { Caller } from '../../graph/graph.js';
import type { TraceFields } from '../../trace-fields.js';

/** The dependencies of the contexts of all calls. */
export interface ContextParts extends Pick<Context, 'graph' | 'graphKind' | 'version' | 'audit' | 'jobs' | 'activity'> {
  /** Creates the caller of one request. */
  readonly callerFor: (principal: Principal | null) => Caller;
  readonly observeCall: CallObserver;
  readonly log: Logger;
}

/** Creates the tRPC context of one request, which all its calls share. */
export function createContext(response: Response, parts: ContextParts): Context {
  const { log, graph, graphKind, version, callerFor, audit, jobs, activity, observeCall } = parts;
  const { admission, principal = null, requestId } = response.locals;
  if (admission === undefined) throw new TypeError('admit must run first');
  const failures = new WeakMap<TRPCError, TraceFields>();
  return {
    requestId,
    user: principal?.user ?? null,
    expiresAt: principal?.expiresAt ?? null,
    readIdleExpiry: async () => (await principal?.readIdleExpiry?.()) ?? null,
    isStillAuthorized: async () => (await principal?.isStillAuthorized?.()) ?? true,
    graph,
    graphKind,
    version,
    caller: callerFor(principal),
    audit,
    jobs,
    activity,
    sessionId: principal?.sessionId,
    isDelegated: principal?.tokens !== undefined,
    admission,
    instrument: createCallInstrumentation(response.req.headers, observeCall, {
      onSpan(span) {
        // The line of a request with several calls has no span of its own.
        response.locals.trace = response.locals.trace === undefined ? span : { trace_id: span.trace_id };
      },
      onFailure(error, span) {
        if (error instanceof TRPCError) failures.set(error, span);
      },
    }),
    logFailure: (error, path) => logFailure(log, error, response, path, failures.get(error)),
  };
}

function logFailure(
  log: Logger,
  error: TRPCError,
  { locals }: Response,
  path: string | undefined,
  span: TraceFields | undefined,
): void {
  const { principal, requestId, trace } = locals;
  const reason = reasonOf(error);
  // An unknown path is the caller's text, which is not logged.
  const procedure = path !== undefined && procedures.has(path) ? path : null;
  const call = { requestId, oid: principal?.user.oid, procedure, reason, ...(span ?? trace) };
  if (reason === 'INTERNAL') log.error({ ...call, err: error.cause ?? error }, 'unexpected error');
  else if (error.cause instanceof CallError) log.warn({ ...call, ...error.cause.forLog() }, 'call failed');
  else log.info(call, 'call rejected');
}
