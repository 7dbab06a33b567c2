import type { RequestHandler } from 'express';

/** Answers that the process lives. It asks nothing else, so that no failure elsewhere gets the process killed. */
export const alive: RequestHandler = (_request, response) => {
  response.locals.route = '/healthz';
  response.json({ status: 'alive' });
};

/** Answers whether calls are welcome: 503 from the moment that the service is to stop, and while it has no sessions. */
export function readiness(isReady: () => Promise<boolean>): RequestHandler {
  return async (_request, response) => {
    response.locals.route = '/readyz';
    const ready = await isReady();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  };
}
