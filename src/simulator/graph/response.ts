import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SimulatedRequest } from './request.js';

/** The response of the simulated Graph to one request. */
export interface SimulatedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined for an empty body. */
  readonly body?: unknown;
  /** Sent verbatim instead of `body`. */
  readonly text?: string;
  /** How the delivery fails: the connection is reset, nothing is sent, or the body ends early. */
  readonly failure?: 'reset' | 'stall' | 'truncated';
  /** Whether a proxy sends the response: it has none of the headers that Graph adds. */
  readonly isForeign?: boolean;
  /** Whether to compress the body even if the request has no `Accept-Encoding`. */
  readonly isCompressed?: boolean;
}

const diagnostic = JSON.stringify({
  ServerInfo: {
    DataCenter: 'Simulator',
    Slice: 'E',
    Ring: '5',
    ScaleUnit: '000',
    RoleInstance: 'SIMULATOR',
  },
});
const entityContentType =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** All headers of a response, including those that Graph adds. It adds the ids to no response of a batch item. */
export function responseHeaders(
  { requestId, clientRequestId, batchItem }: SimulatedRequest,
  { status, headers, isForeign }: SimulatedResponse,
): Readonly<Record<string, string>> {
  if (isForeign === true) return headers;
  return {
    'Cache-Control': 'no-cache',
    'OData-Version': '4.0',
    ...(batchItem === null && {
      Vary: 'Accept-Encoding',
      'request-id': requestId,
      'client-request-id': clientRequestId,
      'x-ms-ags-diagnostic': diagnostic,
    }),
    ...(status !== 204 && { 'Content-Type': status < 300 ? entityContentType : 'application/json' }),
    ...headers,
  };
}

const compress = promisify(gzip);

/** Sends the response over HTTP, compressed if the client accepts it, or simulates its `failure`. */
export async function sendResponse(
  request: SimulatedRequest,
  simulated: SimulatedResponse,
  response: ServerResponse,
): Promise<void> {
  const { body, status, failure } = simulated;
  const text = simulated.text ?? (body === undefined ? '' : JSON.stringify(body));
  const headers = responseHeaders(request, simulated);
  switch (failure) {
    case 'stall':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'truncated':
      response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return;
    case undefined: {
      const isCompressed = text !== '' && (simulated.isCompressed ?? acceptsGzip(request));
      const bytes = isCompressed ? await compress(text) : Buffer.from(text);
      response.writeHead(status, {
        ...headers,
        ...(isCompressed && { 'Content-Encoding': 'gzip' }),
        ...(status !== 204 && { 'Content-Length': bytes.length }),
      });
      response.end(bytes);
    }
  }
}

/** Whether `Accept-Encoding` (RFC 9110, section 12.5.3) lists gzip with a weight other than 0. */
function acceptsGzip({ headers }: SimulatedRequest): boolean {
  return (headers['accept-encoding'] ?? '').split(',').some((part) => {
    const [coding = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    return (coding === 'gzip' || coding === '*') && !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  });
}
