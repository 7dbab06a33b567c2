import type { ServerResponse } from 'node:http';
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

/** All headers of a response, including those that Graph adds to every response. */
export function responseHeaders(
  request: SimulatedRequest,
  { status, headers }: SimulatedResponse,
): Readonly<Record<string, string>> {
  return {
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
    'x-ms-ags-diagnostic': diagnostic,
    ...(status === 204 ? {} : { 'Content-Type': 'application/json' }),
    ...headers,
  };
}

/** Sends the response over HTTP, or simulates its `failure`. */
export function sendResponse(request: SimulatedRequest, simulated: SimulatedResponse, response: ServerResponse): void {
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
    case undefined:
      response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': Buffer.byteLength(text) });
      response.end(text);
  }
}
