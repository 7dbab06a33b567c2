import { TRPCError } from '@trpc/server';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { describeError, invalidInput, type Reason, Refusal, reasonOf } from '../api/errors.js';
import { CallError } from '../errors.js';
import { retryAfterHeader } from './retry-after-header.js';

/** The body of an answer to a call that failed before tRPC saw it: the shape that tRPC's own failures have. */
export function refusalBody(error: TRPCError, requestId: string): { readonly status: number; readonly body: object } {
  const shape = describeError(error, requestId);
  return { status: shape.data.httpStatus, body: { error: shape } };
}

/** Whatever no route has answered. */
export const notFound: RequestHandler = () => {
  throw invalidInput('no such address', [], 'NOT_FOUND');
};

/** Answers every error that the routes before it have thrown. @param observe told of each */
export function errorHandler(log: Logger, observe: (reason: Reason) => void): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, _request, response, _next) => {
    const error = toTrpcError(thrown);
    const requestId = response.locals.requestId;
    observe(reasonOf(error));
    const refused = { requestId, reason: reasonOf(error) };
    if (thrown instanceof CallError) log.warn({ ...refused, ...thrown.forLog() }, 'request refused');
    else if (error instanceof Refusal) log.info(refused, 'request refused');
    else log.error({ requestId, err: thrown }, 'internal error');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, body } = refusalBody(error, requestId);
    const seconds = retryAfterHeader([error]);
    if (seconds !== undefined) response.setHeader('retry-after', seconds);
    response.status(status).json(body);
  };
}

/** Express says by it what it refuses, such as an address that can't be decoded. */
const httpError = z.object({ status: z.number() });

function toTrpcError(thrown: unknown): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  // The sessions can be away.
  if (thrown instanceof CallError) return new TRPCError({ code: 'SERVICE_UNAVAILABLE', cause: thrown });
  const { status } = httpError.safeParse(thrown).data ?? {};
  if (status !== undefined && status >= 400 && status < 500) return invalidInput('the request is malformed');
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: thrown });
}
