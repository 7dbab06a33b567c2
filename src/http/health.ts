import type { RequestHandler } from 'express';

/** Answers that the process lives. It asks nothing else, so that no failure elsewhere gets the process killed. */
export const alive: RequestHandler = (_request, response) => {
  response.locals.route = '/healthz';
  response.json({ status: 'alive' });
};

/** Answers whether calls are welcome: 503 from the moment that the service is to stop. */
export function readiness(isReady: () => boolean): RequestHandler {
  return (_request, response) => {
    response.locals.route = '/readyz';
    const ready = isReady();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  };
}
