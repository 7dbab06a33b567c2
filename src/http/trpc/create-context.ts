import type { TRPCError } from '@trpc/server';
import type { Response } from 'express';
import type { Logger } from 'pino';
import type { Context } from '../../api/context.js';
import { reasonOf } from '../../api/errors.js';
import { type CallObserver, createCallInstrumentation } from '../../api/instrument.js';
import { procedures } from '../../api/router.js';
import type { Principal } from '../../auth/authenticate.js';
import { CallError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';

/** What every call's context is made of, beside the request. */
export interface TrpcParts extends Pick<Context, 'graphKind' | 'audit'> {
  /** Graph for one request of this visitor. */
  readonly graphFor: (visitor: Principal | null) => Graph;
  readonly observeCall: CallObserver | undefined;
  readonly log: Logger;
}

/** The context of the calls of one request, which has passed the guards. */
export function createContext(response: Response, parts: TrpcParts): Context {
  const { log, graphFor, graphKind, audit, observeCall } = parts;
  const { principal: visitor = null, requestId } = response.locals;
  return {
    requestId,
    person: visitor?.person ?? null,
    expiresAt: visitor?.expiresAt ?? null,
    graph: graphFor(visitor),
    graphKind,
    audit,
    instrument: createCallInstrumentation(response.req.headers, observeCall),
    logFailure: (error, path) => logFailure(log, error, requestId, path),
  };
}

function logFailure(log: Logger, error: TRPCError, requestId: string, path: string | undefined): void {
  const reason = reasonOf(error);
  // A path that names nothing is the caller's text, which is not logged.
  const call = { requestId, procedure: path !== undefined && procedures.has(path) ? path : null, reason };
  if (reason === 'INTERNAL') log.error({ ...call, err: error.cause ?? error }, 'a defect');
  else if (error.cause instanceof CallError) log.warn({ ...call, ...error.cause.forLog() }, 'call failed');
  else log.info(call, 'call refused');
}
