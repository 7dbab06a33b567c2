import type { RequestHandler } from 'express';
import type { Authenticate, Visitor } from '../auth/authenticate.js';

declare global {
  namespace Express {
    interface Locals {
      /** Whom the request comes from; `null` when nobody is signed in. */
      visitor: Visitor | null | undefined;
    }
  }
}

/** Asking who is signed in, as a page does time and again, does not show that anybody is there. */
const passive = /^\/trpc\/(session\.current(,|$))+$/;

/** Finds out who a request comes from, before tRPC is asked anything. */
export function identify(authenticate: Authenticate): RequestHandler {
  return async (request, response, next) => {
    response.locals.visitor = await authenticate(request, !passive.test(response.locals.route ?? ''));
    next();
  };
}
