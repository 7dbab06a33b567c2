/** A request to the simulated Graph: one HTTP request, or one item of a batch. */
export interface SimulatedRequest {
  /** The scheme and host that the client addressed, such as `http://127.0.0.1:PORT`: the start of absolute links. */
  readonly origin: string;
  readonly method: string;
  /** As received, with `/beta` and the query: neither decoded nor normalized. */
  readonly path: string;
  /** Keyed by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The text of the body; empty if there is none. */
  readonly body: string;
  /** The id that Graph gives to the request. */
  readonly requestId: string;
  /** The `client-request-id` header; Graph repeats its own id if the client sends none. */
  readonly clientRequestId: string;
  /** The id of the batch item; null for an HTTP request. */
  readonly batchItem: string | null;
}

/** The path's segments, each decoded once, without the query; undefined if one cannot be decoded. */
export function pathSegments(request: SimulatedRequest): readonly string[] | undefined {
  const [path = ''] = request.path.split('?', 1);
  try {
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The parameters of the path's query. */
export function pathQuery(request: SimulatedRequest): URLSearchParams {
  const mark = request.path.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : request.path.slice(mark));
}

/** Whether the request is a JSON batch. Graph does not accept a batch within a batch. */
export function isBatch(request: SimulatedRequest): boolean {
  if (request.method !== 'POST' || request.batchItem !== null) return false;
  const segments = pathSegments(request);
  return segments?.length === 2 && segments[0] === 'beta' && segments[1] === '$batch';
}
