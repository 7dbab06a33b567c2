import type { TRPCError } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Context } from '../api/context.js';
import { reasonOf } from '../api/errors.js';
import { appRouter, procedureTypes } from '../api/router.js';
import { GraphError } from '../graph/errors.js';
import { maxBatchCalls } from './calls.js';
import { requestIdOf } from './request-log.js';

/** What the handler needs beside the request: the parts of every call's context. */
export interface TrpcParts extends Pick<Context, 'graph' | 'graphKind' | 'audit'> {
  readonly log: Logger;
}

/** Hands requests that have passed the guards to tRPC. */
export function answerCalls({ log, ...parts }: TrpcParts): RequestHandler {
  return createExpressMiddleware({
    router: appRouter,
    maxBatchSize: maxBatchCalls,
    // The contract takes every procedure by POST: long inputs do not fit into an address.
    allowMethodOverride: true,
    createContext: ({ res }): Context => ({
      ...parts,
      requestId: requestIdOf(res),
      person: res.locals.person ?? null,
    }),
    responseMeta: ({ errors }) => ({
      headers: new Headers([['cache-control', 'no-store'], ...retryAfter(errors)]),
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
