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

/** Determines who sent a request, before its body is read. */
export function authenticate(authenticateRequest: Authenticate): RequestHandler {
  return async (request, response, next) => {
    const { calls } = response.locals;
    response.locals.principal = await authenticateRequest(request, calls?.isUserActivity ?? true);
    next();
  };
}
