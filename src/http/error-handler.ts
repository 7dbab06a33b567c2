import { TRPCError } from '@trpc/server';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Reason } from '../api/error-data.js';
import { describeError, invalidInput, Refusal, reasonOf } from '../api/errors.js';
import { CallError } from '../errors.js';
import { retryAfterHeader } from './retry-after-header.js';

/** The response to a request that failed before tRPC handled it, in the shape of tRPC's own errors. */
export function refusalBody(error: TRPCError, requestId: string): { readonly status: number; readonly body: object } {
  const shape = describeError(error, requestId);
  return { status: shape.data.httpStatus, body: { error: shape } };
}

const fileHeaders = [
  'accept-ranges',
  'content-encoding',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
] as const;

/** Handles requests that match no route. */
export const notFound: RequestHandler = () => {
  throw invalidInput('No such path', [], 'NOT_FOUND');
};

/** Responds to errors that middleware and routes have thrown. @param observe called with the reason of each */
export function errorHandler(log: Logger, observe: (reason: Reason) => void): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters.
  return (thrown: unknown, _request, response, _next) => {
    const error = toTrpcError(thrown);
    const { requestId, principal, trace } = response.locals;
    const reason = reasonOf(error);
    observe(reason);
    const refused = { requestId, oid: principal?.user.oid, reason, ...trace };
    if (thrown instanceof CallError) log.warn({ ...refused, ...thrown.forLog() }, 'request rejected');
    else if (error instanceof Refusal) log.info(refused, 'request rejected');
    else log.error({ ...refused, err: thrown }, 'unexpected error');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // Those of a file that could not be sent after all.
    for (const name of fileHeaders) response.removeHeader(name);
    response.setHeader('cache-control', 'no-store');
    const { status, body } = refusalBody(error, requestId);
    const seconds = retryAfterHeader([error]);
    if (seconds !== undefined) response.setHeader('retry-after', seconds);
    response.status(status).json(body);
  };
}

/** Express's own errors, such as the one for a path that can't be decoded. */
const httpError = z.object({ status: z.number() });

function toTrpcError(thrown: unknown): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  // Reading the session can fail.
  if (thrown instanceof CallError) return new TRPCError({ code: 'SERVICE_UNAVAILABLE', cause: thrown });
  const { status } = httpError.safeParse(thrown).data ?? {};
  if (status !== undefined && status >= 400 && status < 500) return invalidInput('The request is malformed');
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: thrown });
}
