import { TRPCError } from '@trpc/server';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { describeError, invalidInput, Refusal } from '../api/errors.js';

/** The body of an answer to a call that failed before tRPC saw it: the shape that tRPC's own failures have. */
export function refusalBody(error: TRPCError, requestId: string): { readonly status: number; readonly body: object } {
  const shape = describeError(error, requestId);
  return { status: shape.data.httpStatus, body: { error: shape } };
}

/** Whatever no route has answered. */
export const notFound: RequestHandler = () => {
  throw invalidInput('no such address', [], 'NOT_FOUND');
};

/** Answers every error that the routes before it have thrown. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, _request, response, _next) => {
    const error = asRefusal(thrown);
    const requestId = response.locals.requestId;
    if (error instanceof Refusal) log.info({ requestId, reason: error.reason }, 'request refused');
    else log.error({ requestId, err: thrown }, 'a defect');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, body } = refusalBody(error, requestId);
    response.status(status).json(body);
  };
}

/** Express and its body parser say by these what they refuse. */
const httpError = z.object({ status: z.number(), type: z.string().optional() });

function asRefusal(thrown: unknown): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  const { status, type } = httpError.safeParse(thrown).data ?? {};
  if (type === 'request.aborted') return new Refusal('CLIENT_CLOSED');
  if (status === 413) return invalidInput('the body is too large', [], 'PAYLOAD_TOO_LARGE');
  if (status === 415) return invalidInput('wants UTF-8, not compressed', [], 'UNSUPPORTED_MEDIA_TYPE');
  if (status !== undefined && status >= 400 && status < 500) return invalidInput('the request is malformed');
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause: thrown });
}
