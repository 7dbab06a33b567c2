import type { IncomingHttpHeaders } from 'node:http';
import { invalidInput } from '../../api/errors.js';
import type { ProcedureInfo } from '../../api/router.js';
import type { SyncMiddleware } from '../sync-middleware.js';

/** What a request asks of tRPC. */
export interface Calls {
  /** The paths of the procedures; some may name nothing. */
  readonly paths: readonly string[];
  readonly batched: boolean;
  /** Whether the answer is wanted as a stream. */
  readonly wantsStream: boolean;
  /** Whether one of them takes a longer body than the others do. */
  readonly largeBody: boolean;
  /** The inputs as JSON text, when they came in the address. */
  readonly input: string | null;
}

declare global {
  namespace Express {
    interface Locals {
      calls: Calls | undefined;
    }
  }
}

const noParams = new URLSearchParams();

/** More calls than this are refused as a batch. */
export const maxBatchCalls = 20;

/**
 * Judges which procedures a request names, so that tRPC only sees requests that it can tell apart call by call: exact
 * paths, no mix of queries and mutations, no parameters but its two, and a stream where there must be one.
 */
export function parseCalls(procedures: ReadonlyMap<string, ProcedureInfo>): SyncMiddleware {
  return (request, response) => {
    const { url } = request;
    const queryAt = url.includes('?') ? url.indexOf('?') : url.length;
    const searchParams = queryAt === url.length ? noParams : new URLSearchParams(url.slice(queryAt));
    const batched = searchParams.get('batch') === '1';
    const named = url.slice(url.lastIndexOf('/', queryAt) + 1, queryAt);
    const paths = batched ? named.split(',') : [named];
    const known = paths.filter((path) => procedures.has(path));
    response.locals.route = `/trpc/${known.join(',')}`;

    if (paths.length > maxBatchCalls) throw invalidInput(`a batch has at most ${maxBatchCalls} calls`);
    // tRPC decodes what it gets: what is judged here must be what it will see.
    if (batched && !/^[\w.,]*$/.test(named)) throw invalidInput('a batch wants its paths as they are, not encoded');
    if (known.length === 0) throw invalidInput('no such procedure', [], 'NOT_FOUND');
    const about = known.map((path) => procedures.get(path));
    if (new Set(about.map((each) => each?.type)).size > 1) {
      throw invalidInput('queries and mutations do not go into one batch');
    }
    for (const [name, value] of searchParams) {
      const allowed = name === 'batch' ? value === '1' : name === 'input' && request.method === 'GET';
      if (!allowed || searchParams.getAll(name).length > 1) throw invalidInput('the query parameter is not for this');
    }
    const streamed = wantsStream(request.headers);
    if (streamed && !batched) throw invalidInput('a streamed answer wants a batch, of one call or more');
    const long = about.some((each) => each?.meta?.streamed === true);
    if (long && !streamed) {
      throw invalidInput('this answers as a stream: call it with httpBatchStreamLink', [], 'UNSUPPORTED_MEDIA_TYPE');
    }
    response.locals.calls = {
      paths,
      batched,
      wantsStream: streamed,
      largeBody: long,
      input: searchParams.get('input'),
    };
  };
}

/** By tRPC's own header, else by HTTP's. */
function wantsStream({ accept = '', 'trpc-accept': trpcAccept }: IncomingHttpHeaders): boolean {
  if (trpcAccept !== undefined) return trpcAccept === 'application/jsonl';
  return accept.split(',').some((type) => type.trim() === 'application/jsonl');
}
