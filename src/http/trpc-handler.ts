import type { TRPCError } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Context } from '../api/context.js';
import { reasonOf } from '../api/errors.js';
import { appRouter, procedureTypes } from '../api/router.js';
import type { Visitor } from '../auth/authenticate.js';
import { GraphError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { maxBatchCalls } from './calls.js';
import { requestIdOf } from './request-log.js';

/** What the handler needs beside the request: the parts of every call's context. */
export interface TrpcParts extends Pick<Context, 'graphKind' | 'audit'> {
  /** Graph, with the tokens that this visitor's calls are made with. */
  readonly graphFor: (visitor: Visitor | null) => Graph;
  readonly log: Logger;
}

/** Hands requests that have passed the guards to tRPC. */
export function answerCalls({ log, graphFor, ...parts }: TrpcParts): RequestHandler {
  return createExpressMiddleware({
    router: appRouter,
    maxBatchSize: maxBatchCalls,
    // The contract takes every procedure by POST: long inputs do not fit into an address.
    allowMethodOverride: true,
    createContext({ res }): Context {
      const visitor = res.locals.visitor ?? null;
      return {
        ...parts,
        requestId: requestIdOf(res),
        person: visitor?.person ?? null,
        expiresAt: visitor?.expiresAt ?? null,
        graph: graphFor(visitor),
      };
    },
    responseMeta: ({ errors }) => ({
      headers: new Headers(retryAfter(errors)),
    }),
    onError({ error, path, ctx }) {
      // A path that names nothing is the caller's text, which is not logged.
      const procedure = path !== undefined && procedureTypes.has(path) ? path : null;
      logFailure(log, error, { requestId: ctx?.requestId, procedure });
    },
  });
}

/** `Retry-After` for those who don't read the body. Of a batch, the longest. */
function retryAfter(errors: readonly TRPCError[]): [string, string][] {
  const waits = errors.flatMap(({ cause }) => (cause instanceof GraphError ? (cause.details.retryAfterMs ?? []) : []));
  return waits.length === 0 ? [] : [['retry-after', String(Math.ceil(Math.max(...waits) / 1000))]];
}

function logFailure(log: Logger, error: TRPCError, call: { requestId: string | undefined; procedure: string | null }) {
  const reason = reasonOf(error);
  if (reason === 'INTERNAL') log.error({ ...call, reason, err: error.cause ?? error }, 'a defect');
  else if (error.cause instanceof GraphError) log.warn({ ...call, reason, ...error.cause.forLog() }, 'call failed');
  else log.info({ ...call, reason }, 'call refused');
}
