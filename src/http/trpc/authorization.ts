import type { RequestHandler } from 'express';
import type { ProcedureInfo } from '../../api/router.js';
import { readBody } from './body.js';

/**
 * Reads the body, unless the user may make none of the calls: they then fail one by one, each with its own reason, and
 * without their inputs.
 */
export function readBodyIfAuthorized(procedures: ReadonlyMap<string, ProcedureInfo>): RequestHandler {
  return (request, response, next) => {
    const { calls, principal } = response.locals;
    const isAuthorized = (path: string) => {
      const info = procedures.get(path);
      if (info === undefined || !principal) return false;
      const role = info.meta?.role;
      return role === undefined || principal.user.roles.includes(role);
    };
    if (calls?.paths.some(isAuthorized)) readBody(request, response, next);
    else {
      request.body = '';
      next();
    }
  };
}
