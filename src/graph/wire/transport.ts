import { type Dispatcher, Pool } from 'undici';
import type { GraphIds } from '../../errors.js';
import { onTimeoutOrAbort, type WaitLimit } from '../../scheduling/wait-limit.js';

/** A request as it goes over the wire, but for the token. */
export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** On the origin, with the query: `/beta/deviceManagement/…`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** A longer answer is given up; {@link maxAnswerBytes} by default. */
  readonly maxResponseBytes?: number;
  /** How many requests are in it, when it is a batch of them. */
  readonly items?: number;
  /** Called when it leaves. */
  readonly onSent?: () => void;
}

/** A whole answer, whatever its status. */
export interface GraphResponse {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: { get(name: string): string | undefined };
  readonly text: string;
  readonly ids: GraphIds;
}

/**
 * No whole answer came.
 * - `broken`: the connection failed
 * - `unreadable`: something came, but no answer to the request that could be read
 * - `given-up`: nobody waited any longer
 */
export type TransportFailure = 'broken' | 'unreadable' | 'given-up';

/** No whole answer came. `sent` says whether the request had left, and so may have been received. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;
  readonly loss: TransportFailure;
  readonly ids: GraphIds;

  constructor({ sent, loss, ids, cause }: Pick<TransportError, 'sent' | 'loss' | 'ids' | 'cause'>) {
    super(sent ? 'no whole answer came' : 'the request could not be sent', { cause });
    this.sent = sent;
    this.loss = loss;
    this.ids = ids;
  }
}

/** One exchange over HTTP. Never follows a redirect, never retries. */
export interface Transport {
  /** @throws {TransportError} */
  send(request: GraphRequest, token: string, limit: WaitLimit): Promise<GraphResponse>;
  close(): Promise<void>;
}

/** More than this is no answer that Graph gives to a request here. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/** A server that repeats the token in its answer must not get it any further than here. */
function redact(token: string, text: string): string {
  return text.includes(token) ? text.replaceAll(token, '…') : text;
}

/** Only what looks like an id is passed on as one. */
function readId(value: string | undefined): string | undefined {
  return value !== undefined && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
}

/** The ids of an exchange. */
export function readIds(headers: GraphResponse['headers'], clientRequestId: string): GraphIds {
  const requestId = readId(headers.get('request-id'));
  return { clientRequestId, ...(requestId !== undefined && { requestId }) };
}

/** Speaks to one origin over undici's keep-alive connections. Time limits are the caller's. */
export function createTransport(origin: string): Transport {
  const pool = new Pool(origin, {
    connections: 128,
    connect: { timeout: 10_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  return {
    send: (request, token, limit) => exchange(pool, request, token, limit),
    close: () => pool.close(),
  };
}

function exchange(pool: Pool, request: GraphRequest, token: string, limit: WaitLimit): Promise<GraphResponse> {
  const clientRequestId = crypto.randomUUID();
  const maxBytes = request.maxResponseBytes ?? maxAnswerBytes;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: GraphResponse['headers'] = new Map();
    let size = 0;
    const chunks: Buffer[] = [];

    let isGivenUp = false;

    const fail = (loss: TransportFailure, cause: unknown) => {
      settle();
      const ids = readIds(headers, clientRequestId);
      reject(new TransportError({ sent: controller !== undefined, loss, ids, cause }));
    };
    // A request that still waits for a connection can't be aborted; it is stopped as soon as its turn comes.
    const giveUp = (cause: unknown) => {
      isGivenUp = true;
      fail('given-up', cause);
      controller?.abort(new Error('aborted', { cause }));
    };
    const settle = onTimeoutOrAbort(limit, giveUp);
    if (limit.caller?.aborted) return giveUp(limit.caller.reason);

    pool.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: {
          accept: 'application/json',
          'client-request-id': clientRequestId,
          ...(request.body !== undefined && { 'content-type': 'application/json' }),
          ...request.headers,
          authorization: `Bearer ${token}`,
        },
        body: request.body ?? null,
      },
      {
        onRequestStart(started) {
          if (isGivenUp) return started.abort(new Error('aborted'));
          controller = started;
          request.onSent?.();
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
          settle();
          const text = redact(token, Buffer.concat(chunks).toString('utf8'));
          resolve({ status, headers, text, ids: readIds(headers, clientRequestId) });
        },
        onResponseError: (_controller, error) => fail(size > maxBytes ? 'unreadable' : 'broken', error),
      },
    );
  });
}
