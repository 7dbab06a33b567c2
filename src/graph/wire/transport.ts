import { type Dispatcher, Pool } from 'undici';
import type { GraphIds } from '../../errors.js';
import type { Connector } from '../../outbound/outbound.js';
import { onTimeoutOrDone, type WaitLimit } from '../../scheduling/wait-limit.js';
import { acceptedEncodings, decodeBody } from './content-encoding.js';
import { type Provenance, provenanceOf, type ResponseHeaders, readIds } from './provenance.js';

/** An HTTP request to Graph. */
export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With the query: `/beta/deviceManagement/…`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** A longer response is discarded; {@link maxResponseBytes} by default. */
  readonly maxResponseBytes?: number;
  /** The number of requests in it, if it is a batch. */
  readonly items?: number;
}

/** How a request is sent. */
export interface SendOptions {
  readonly token: string;
  readonly limit: WaitLimit;
  /** Called when the request is sent. */
  readonly onSent?: (() => void) | undefined;
  /** Requests of one group may share a batch. */
  readonly batchGroup?: object;
}

/** A complete response, whatever its status. */
export interface GraphResponse extends Provenance {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly text: string;
}

/**
 * Why no complete response arrived.
 * - `connection`: the connection failed
 * - `invalid-response`: the response could not be parsed as one to the request
 * - `aborted`: the request timed out, or the call was cancelled
 */
export type TransportFailure = 'connection' | 'invalid-response' | 'aborted';

/** No complete response arrived. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** Whether the request was sent, so that Graph may have received it. */
  readonly wasSent: boolean;
  readonly failure: TransportFailure;
  readonly ids: GraphIds;

  constructor({ wasSent, failure, ids, cause }: Pick<TransportError, 'wasSent' | 'failure' | 'ids' | 'cause'>) {
    super(wasSent ? 'no complete response arrived' : 'the request could not be sent', { cause });
    this.wasSent = wasSent;
    this.failure = failure;
    this.ids = ids;
  }
}

/** Sends a request. Never follows a redirect, never retries. */
export interface Sender {
  /** @throws {TransportError} */
  send(request: GraphRequest, options: SendOptions): Promise<GraphResponse>;
}

/** A sender with its own connections. */
export interface Transport extends Sender {
  close(): Promise<void>;
}

/** The maximum length of a response, also after decompression: above that of every Graph response to this service. */
export const maxResponseBytes = 4 * 1024 * 1024;

/** Removes the token from a text, in case a server repeats it in a response. */
function redact(token: string, text: string): string {
  return text.includes(token) ? text.replaceAll(token, '…') : text;
}

/**
 * Creates a transport to one origin over undici's keep-alive connections. Each request has its own time limit. One that
 * gets no connection was not sent, whether the proxy or the origin is the cause.
 */
export function createTransport(origin: string, connect: Connector): Transport {
  const pool = new Pool(origin, {
    connections: 128,
    connect,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  return {
    send: (request, options) => exchange(pool, request, options),
    close: () => pool.close(),
  };
}

function exchange(pool: Pool, request: GraphRequest, options: SendOptions): Promise<GraphResponse> {
  const { token, limit, onSent } = options;
  const clientRequestId = crypto.randomUUID();
  const maxBytes = request.maxResponseBytes ?? maxResponseBytes;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: ResponseHeaders = new Map();
    let size = 0;
    const chunks: Buffer[] = [];
    let isAborted = false;

    const fail = (failure: TransportFailure, cause: unknown) => {
      stopWaiting();
      const ids = readIds(headers, clientRequestId);
      reject(new TransportError({ wasSent: controller !== undefined, failure, ids, cause }));
    };
    const complete = (body: Buffer) => {
      stopWaiting();
      const text = redact(token, body.toString('utf8'));
      resolve({ status, headers, text, ...provenanceOf({ status, headers, text }, clientRequestId) });
    };
    // A request that waits for a connection cannot be aborted. It is stopped when it gets one.
    const abort = (cause: unknown) => {
      isAborted = true;
      fail('aborted', cause);
      controller?.abort(new Error('aborted', { cause }));
    };
    const stopWaiting = onTimeoutOrDone(limit, abort);
    if (limit.isDone) return abort(new Error('the response is no longer needed'));

    pool.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: {
          accept: 'application/json',
          // Only pages of lists, which have a query, are long enough for compression to save time.
          ...(request.path.includes('?') && { 'accept-encoding': acceptedEncodings }),
          'client-request-id': clientRequestId,
          ...(request.body !== undefined && { 'content-type': 'application/json' }),
          ...request.headers,
          authorization: `Bearer ${token}`,
        },
        body: request.body ?? null,
      },
      {
        onRequestStart(started) {
          if (isAborted) return started.abort(new Error('aborted'));
          controller = started;
          onSent?.();
        },
        onResponseStart(_controller, statusCode, raw) {
          status = statusCode;
          headers = { get: (name) => redact(token, [raw[name] ?? []].flat().join(', ')) || undefined };
        },
        onResponseData(started, chunk) {
          size += chunk.length;
          if (size > maxBytes) started.abort(new Error(`more than ${maxBytes} bytes`));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          const body = Buffer.concat(chunks);
          const encodings = headers.get('content-encoding');
          if (encodings === undefined || body.length === 0) return complete(body);
          decodeBody(body, encodings, maxBytes).then(complete, (error: unknown) => fail('invalid-response', error));
        },
        onResponseError: (_controller, error) => fail(size > maxBytes ? 'invalid-response' : 'connection', error),
      },
    );
  });
}
