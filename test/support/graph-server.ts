import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { useFixture } from './fixture.js';

/** A request to a {@link GraphServer}, or one of a batch. */
export interface GraphServerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A response of a {@link GraphServer}. */
export interface GraphServerResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON. */
  readonly body?: string | Uint8Array | object;
}

/** An HTTP server in place of Graph, whose responses a test determines. */
export interface GraphServer {
  readonly baseUrl: string;
  /** The requests so far, without those for a batch as a whole. */
  readonly received: readonly GraphServerRequest[];
  /** Sets the response to every request that is not a batch. */
  respond(respond: (request: GraphServerRequest) => GraphServerResponse): void;
  /**
   * Sets the response to a batch. By default, each request in it gets the response set with {@link respond}, and the
   * batch's response has a `request-id`.
   */
  respondToBatch(respond: (request: GraphServerRequest) => GraphServerResponse): void;
  /** Clears the requests and the responses. */
  reset(): void;
  close(): void;
}

/** The `request-id` of the response to a batch. */
export const batchRequestId = 'b5c2a8f0-0000-4000-8000-000000000001';

interface BatchBody {
  readonly requests: readonly {
    readonly id: string;
    readonly method: string;
    readonly url: string;
    readonly headers?: IncomingHttpHeaders;
    readonly body?: object;
  }[];
}

/** The requests in a batch, by their ids. */
function requestsInBatch({ body }: GraphServerRequest): ReadonlyMap<string, GraphServerRequest> {
  const { requests } = JSON.parse(body) as BatchBody;
  return new Map(
    requests.map(({ id, method, url, headers = {}, body: own }) => [
      id,
      { method, path: `/beta${url}`, headers, body: own === undefined ? '' : JSON.stringify(own) },
    ]),
  );
}

/** The response to a batch with one response for each request in it. */
export function batchOf(
  request: GraphServerRequest,
  respond: (request: GraphServerRequest) => GraphServerResponse,
  headers: Readonly<Record<string, string>> = { 'request-id': batchRequestId },
): GraphServerResponse {
  const responses = [...requestsInBatch(request)].map(([id, each]) => ({ id, ...respond(each) }));
  return { status: 200, headers, body: { responses } };
}

async function startGraphServer(): Promise<GraphServer> {
  type Respond = (request: GraphServerRequest) => GraphServerResponse;
  let received: GraphServerRequest[] = [];
  const serverError: Respond = () => ({ status: 500 });
  let respond = serverError;
  const record: Respond = (request) => {
    received.push(request);
    return respond(request);
  };
  const respondToEach: Respond = (request) => batchOf(request, record);
  let respondToBatch = respondToEach;

  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body };
      const response = path.endsWith('/$batch') ? respondToBatch(request) : record(request);
      const isRaw = typeof response.body === 'string' || response.body instanceof Uint8Array;
      outgoing.writeHead(response.status, response.headers);
      outgoing.end(isRaw || response.body === undefined ? response.body : JSON.stringify(response.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/beta`,
    get received() {
      return received;
    },
    respond(next) {
      respond = next;
    },
    respondToBatch(next) {
      respondToBatch = next;
    },
    reset() {
      received = [];
      respond = serverError;
      respondToBatch = respondToEach;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Starts a server for the tests of a file. */
export function useGraphServer(): GraphServer {
  return useFixture(startGraphServer, (server) => server.close());
}
