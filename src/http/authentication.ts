import type { RequestHandler } from 'express';
import type { Authenticate, Principal } from '../auth/principal.js';

declare global {
  namespace Express {
    interface Locals {
      /** The authenticated caller; `null` without a session. */
      principal: Principal | null | undefined;
    }
  }
}

/** The console polls `session.current`, which must not extend an unused session. */
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
