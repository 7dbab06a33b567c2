import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { invalidInput } from '../../api/errors.js';
import type { ProcedureInfo } from '../../api/router.js';

/** The procedure calls of one request. */
export interface Calls {
  /** The paths of the procedures. In a batch, some may not exist. */
  readonly paths: readonly string[];
  readonly isBatch: boolean;
  /** Whether the client requests a streamed response. */
  readonly wantsStream: boolean;
  /** How many of them are calls of `bulkProcedures`. */
  readonly bulkCalls: number;
  /** Whether the calls show that the user is active. Such calls restart the idle timeout of the session. */
  readonly isUserActivity: boolean;
  /** The inputs as JSON text, if they are in the query string. */
  readonly input: string | null;
}

declare global {
  namespace Express {
    interface Locals {
      calls: Calls | undefined;
    }
  }
}

/** The procedures that take many rows in one call, and so accept larger bodies. */
const bulkProcedures: ReadonlySet<string> = new Set(['scriptUserState.updateMany', 'updateJob.start']);

/** A front end makes these calls without its user: it polls, and follows running jobs. */
const backgroundProcedures: ReadonlySet<string> = new Set([
  'session.current',
  'updateJob.get',
  'updateJob.list',
  'updateJob.results',
  'updateJob.watch',
]);

/** The maximum number of calls in a batch. */
export const maxBatchCalls = 20;

const noParams = new URLSearchParams();

/**
 * Determines which procedures a request calls, and rejects requests that tRPC could parse differently: encoded paths,
 * batches of queries and mutations, unknown parameters, and plain calls of streaming procedures.
 */
export function parseCalls(procedures: ReadonlyMap<string, ProcedureInfo>): RequestHandler {
  return (request, response, next) => {
    const { url, headers, method } = request;
    const queryAt = url.includes('?') ? url.indexOf('?') : url.length;
    const params = queryAt === url.length ? noParams : new URLSearchParams(url.slice(queryAt));
    const isBatch = params.get('batch') === '1';
    const pathText = url.slice(url.lastIndexOf('/', queryAt) + 1, queryAt);
    // Some proxies encode the commas.
    const pathList = isBatch ? pathText.replaceAll(/%2c/gi, ',') : pathText;
    const paths = isBatch ? pathList.split(',') : [pathList];
    const known = paths.filter((path) => procedures.has(path));
    response.locals.route = `/trpc/${known.join(',')}`;

    if (paths.length > maxBatchCalls)
      throw invalidInput(
        `A batch must have at most ${maxBatchCalls} calls: set maxItems of the link to ${maxBatchCalls}`,
      );
    // tRPC decodes paths, so an encoded one could be another procedure to tRPC than it is here.
    if (isBatch && !/^[\w.,]*$/.test(pathList)) throw invalidInput('The paths of a batch must not be encoded');
    if (known.length === 0) throw invalidInput('No such procedure', [], 'NOT_FOUND');
    const infos = known.map((path) => procedures.get(path));
    if (new Set(infos.map((info) => info?.type)).size > 1) {
      throw invalidInput('A batch must not mix queries and mutations');
    }
    for (const [name, value] of params) {
      const isAllowed = name === 'batch' ? value === '1' : name === 'input' && method === 'GET';
      if (!isAllowed || params.getAll(name).length > 1) throw invalidInput('Unsupported query parameter');
    }
    const wantsStream = acceptsJsonLines(headers);
    if (wantsStream && !isBatch) throw invalidInput('A streamed response requires a batch');
    const isStreaming = infos.some((info) => info?.meta?.streamed === true);
    if (isStreaming && !wantsStream) {
      const message = 'This procedure streams its response: call it with httpBatchStreamLink';
      throw invalidInput(message, [], 'UNSUPPORTED_MEDIA_TYPE');
    }
    const bulkCalls = paths.filter((path) => bulkProcedures.has(path)).length;
    const isUserActivity = known.some((path) => !backgroundProcedures.has(path));
    response.locals.calls = { paths, isBatch, wantsStream, bulkCalls, isUserActivity, input: params.get('input') };
    next();
  };
}

/** Whether the response is to be JSON Lines: by tRPC's own header, or else by `Accept`. */
function acceptsJsonLines({ accept = '', 'trpc-accept': trpcAccept }: IncomingHttpHeaders): boolean {
  if (trpcAccept !== undefined) return trpcAccept === 'application/jsonl';
  return accept.split(',').some((type) => type.trim() === 'application/jsonl');
}
