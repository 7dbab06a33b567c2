import type { RequestHandler } from 'express';

/**
 * Responds 200 while the process runs. It depends on nothing else, so that no outage elsewhere restarts the process.
 */
export const liveness: RequestHandler = (_request, response) => {
  response.locals.route = '/healthz';
  response.json({ status: 'alive' });
};

/** Responds 200 when the service accepts calls, and 503 otherwise. */
export function readiness(isReady: () => Promise<boolean>): RequestHandler {
  return async (_request, response) => {
    response.locals.route = '/readyz';
    const ready = await isReady();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  };
}
