import type { RequestHandler } from 'express';
import type { Authenticate } from '../auth/authenticate.js';

/** Finds out who a request comes from, before tRPC is asked anything. */
export function identify(authenticate: Authenticate): RequestHandler {
  return async (request, response, next) => {
    response.locals.person = await authenticate(request);
    next();
  };
}
