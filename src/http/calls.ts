import type { AnyTRPCRouter } from '@trpc/server';
import type { RequestHandler } from 'express';
import { invalidInput } from '../api/errors.js';
import { nameRoute } from './request-log.js';

/** More calls than this are refused as a batch. */
export const maxBatchCalls = 20;

/**
 * Judges which procedures a request names, so that tRPC only sees requests that it can tell apart call by call: exact
 * paths, no mix of queries and mutations, no parameters but its two.
 */
export function requireCalls(router: AnyTRPCRouter): RequestHandler {
  // `procedures` is a record without a prototype, keyed by whole paths.
  const { procedures } = router._def;
  return (request, response, next) => {
    const { pathname, searchParams } = new URL(request.originalUrl, 'http://localhost');
    const batched = searchParams.get('batch') === '1';
    const named = pathname.slice(pathname.lastIndexOf('/') + 1);
    const paths = batched ? named.split(',') : [named];
    const known = paths.filter((path) => path in procedures);
    nameRoute(response, `/trpc/${known.join(',')}`);

    if (paths.length > maxBatchCalls) throw invalidInput(`a batch has at most ${maxBatchCalls} calls`);
    if (known.length === 0) throw invalidInput('no such procedure', [], 'NOT_FOUND');
    if (new Set(known.map((path) => typeOf(procedures[path]))).size > 1) {
      throw invalidInput('queries and mutations do not go into one batch');
    }
    for (const [name, value] of searchParams) {
      const allowed = name === 'batch' ? value === '1' : name === 'input' && request.method === 'GET';
      if (!allowed || searchParams.getAll(name).length > 1) throw invalidInput(`the query parameter is not for this`);
    }
    if (!batched && /jsonl/.test(`${request.get('trpc-accept')} ${request.get('accept')}`)) {
      throw invalidInput('a streamed answer wants a batch, of one call or more');
    }
    next();
  };
}

function typeOf(procedure: AnyTRPCRouter['_def']['procedures'][string]): unknown {
  return procedure?._def.type;
}
