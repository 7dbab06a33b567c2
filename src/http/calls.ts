import type { RequestHandler } from 'express';
import { invalidInput } from '../api/errors.js';

/** More calls than this are refused as a batch. */
export const maxBatchCalls = 20;

/**
 * Judges which procedures a request names, so that tRPC only sees requests that it can tell apart call by call: exact
 * paths, no mix of queries and mutations, no parameters but its two.
 *
 * @param procedures the type of every procedure, by its path
 */
export function requireCalls(procedures: ReadonlyMap<string, string>): RequestHandler {
  return (request, response, next) => {
    const { pathname, searchParams } = new URL(request.originalUrl, 'http://localhost');
    const batched = searchParams.get('batch') === '1';
    const named = pathname.slice(pathname.lastIndexOf('/') + 1);
    const paths = batched ? named.split(',') : [named];
    const known = paths.filter((path) => procedures.has(path));
    response.locals.route = `/trpc/${known.join(',')}`;

    if (paths.length > maxBatchCalls) throw invalidInput(`a batch has at most ${maxBatchCalls} calls`);
    // tRPC decodes what it gets: what is judged here must be what it will see.
    if (batched && !/^[\w.,]*$/.test(named)) throw invalidInput('a batch wants its paths as they are, not encoded');
    if (known.length === 0) throw invalidInput('no such procedure', [], 'NOT_FOUND');
    if (new Set(known.map((path) => procedures.get(path))).size > 1) {
      throw invalidInput('queries and mutations do not go into one batch');
    }
    for (const [name, value] of searchParams) {
      const allowed = name === 'batch' ? value === '1' : name === 'input' && request.method === 'GET';
      if (!allowed || searchParams.getAll(name).length > 1) throw invalidInput('the query parameter is not for this');
    }
    if (!batched && /jsonl/.test(`${request.get('trpc-accept')} ${request.get('accept')}`)) {
      throw invalidInput('a streamed answer wants a batch, of one call or more');
    }
    next();
  };
}
