import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { TraceFields } from '../trace-fields.js';

declare global {
  namespace Express {
    interface Locals {
      /** The id of the request, also in its response. */
      requestId: string;
      /** The matched route, which contains no text from the request. */
      route: string | undefined;
      /** The span of the call in this request, or the trace of several. */
      trace: TraceFields | undefined;
    }
  }
}

/** Characters that are safe in headers, logs and shells. Without `@`, so that no id is a user principal name. */
const safeId = /^[A-Za-z0-9._~:+/=-]{1,128}$/;

const header = 'x-request-id';

/**
 * Assigns an id to every request (the caller's own if it is safe) and logs one line when its response is closed. Never
 * logs the URL, the headers or the body, which can hold names and secrets.
 */
export function logRequests(log: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const sent = request.headers[header];
    const requestId = typeof sent === 'string' && safeId.test(sent) ? sent : crypto.randomUUID();
    response.locals.requestId = requestId;
    response.setHeader(header, requestId);
    response.once('close', () => {
      const { principal, route = null, trace } = response.locals;
      const level = route === '/healthz' || route === '/readyz' ? 'debug' : 'info';
      log[level](
        {
          requestId,
          oid: principal?.user.oid,
          method: request.method,
          route,
          status: response.writableFinished ? response.statusCode : null,
          durationMs: Math.round(performance.now() - startedAt),
          ...trace,
        },
        'request',
      );
    });
    next();
  };
}
