import type { RequestHandler } from 'express';
import type { Authenticate } from '../auth/authenticate.js';
import type { Person } from '../auth/person.js';

declare global {
  namespace Express {
    interface Locals {
      /** Who is signed in; `null` when nobody is. */
      person?: Person | null;
    }
  }
}

/** Finds out who a request comes from, before tRPC is asked anything. */
export function identify(authenticate: Authenticate): RequestHandler {
  return async (request, response, next) => {
    response.locals.person = await authenticate(request);
    next();
  };
}
