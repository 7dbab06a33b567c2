import type { RequestHandler } from 'express';
import type { Authenticate, Principal } from '../auth/authenticate.js';

declare global {
  namespace Express {
    interface Locals {
      /** Whom the request comes from; `null` when nobody is signed in. */
      principal: Principal | null | undefined;
    }
  }
}

/** Asking who is signed in, as a page does time and again, does not show that anybody is there. */
const doesNotExtendSession = /^\/trpc\/(session\.current(,|$))+$/;

/** Finds out who a request comes from, before tRPC is asked anything. */
export function authenticate(identify: Authenticate): RequestHandler {
  return async (request, response, next) => {
    response.locals.principal = await identify(request, !doesNotExtendSession.test(response.locals.route ?? ''));
    next();
  };
}
