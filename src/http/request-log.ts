import type { Logger } from 'pino';
import type { SyncMiddleware } from './sync-middleware.js';

declare global {
  namespace Express {
    interface Locals {
      /** The id that the answer carries. */
      requestId: string;
      /** What a request turned out to be for, in words of the service's own. */
      route: string | undefined;
    }
  }
}

/** Characters that are safe in headers, logs and shells. No `@`: an id must not turn out to be a person's name. */
const safeId = /^[A-Za-z0-9._~:+/=-]{1,128}$/;

const header = 'x-request-id';

/**
 * Gives every request its id (the caller's own when it is safe) and leaves a line about it in the log: never its
 * address as it came, its headers or its body, which can hold names and secrets.
 */
export function logRequests(log: Logger): SyncMiddleware {
  return (request, response) => {
    const startedAt = performance.now();
    const own = request.headers[header];
    const requestId = typeof own === 'string' && safeId.test(own) ? own : crypto.randomUUID();
    response.locals.requestId = requestId;
    response.setHeader(header, requestId);
    response.once('close', () => {
      const { route = null } = response.locals;
      const level = route === '/healthz' || route === '/readyz' ? 'debug' : 'info';
      log[level](
        {
          requestId,
          method: request.method,
          route,
          status: response.writableFinished ? response.statusCode : null,
          durationMs: Math.round(performance.now() - startedAt),
        },
        'request',
      );
    });
  };
}
