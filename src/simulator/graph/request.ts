/** One request to the simulated Graph: one that came over HTTP, or one item of a batch. */
export interface GraphRequest {
  readonly method: string;
  /** As it came, query and `/beta` included: nothing is decoded or normalised. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The text of the body; empty when there is none. */
  readonly body: string;
  /** Graph's own id for the request. */
  readonly requestId: string;
  /** The caller's id for the request; Graph repeats its own where the caller has none. */
  readonly clientRequestId: string;
  /** The id of the batch's item; null for a request of its own. */
  readonly batchItem: string | null;
}

/** The path's segments, each decoded once, without the query; undefined when one can't be decoded. */
export function pathSegments(request: GraphRequest): readonly string[] | undefined {
  const [path = ''] = request.path.split('?', 1);
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The query's parameters. */
export function pathQuery(request: GraphRequest): URLSearchParams {
  const mark = request.path.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : request.path.slice(mark));
}

/** Whether the request is for Graph's JSON batching. A batch within a batch is none. */
export function isBatch(request: GraphRequest): boolean {
  if (request.method !== 'POST' || request.batchItem !== null) return false;
  const segments = pathSegments(request);
  return segments?.length === 2 && segments[0] === 'beta' && segments[1] === '$batch';
}
