import type { RequestHandler } from 'express';
import type { Authenticate, Principal } from '../auth/authenticate.js';

declare global {
  namespace Express {
    interface Locals {
      /** Who sent the request; `null` when nobody is signed in. */
      principal: Principal | null | undefined;
    }
  }
}

/** The console polls `session.current`. That must not keep a session alive that nobody uses. */
const doesNotExtendSession = /^\/trpc\/(session\.current(,|$))+$/;

/** Determines who sent a request, before its body is read. */
export function authenticate(authenticateRequest: Authenticate): RequestHandler {
  return async (request, response, next) => {
    response.locals.principal = await authenticateRequest(
      request,
      !doesNotExtendSession.test(response.locals.route ?? ''),
    );
    next();
  };
}
