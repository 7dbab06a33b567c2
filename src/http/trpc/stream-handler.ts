import { once, setMaxListeners } from 'node:events';
import { resolveResponse } from '@trpc/server/http';
import type { Request as ExpressRequest, RequestHandler } from 'express';
import { appRouter } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import { maxBatchCalls } from './calls.js';
import { type ContextParts, createContext } from './context.js';
import { extendSessionWhileRead } from './session-extension.js';

/** Prevents proxies from holding results back: nginx buffers responses, and compression waits for more of them. */
const streamHeaders = { 'x-accel-buffering': 'no', 'cache-control': 'no-store, no-transform' };

/**
 * Handles calls with tRPC's own handler, which can stream. tRPC's Express adapter would hold the text of the body until
 * the end of the stream.
 */
export function streamHandler(parts: ContextParts): RequestHandler {
  return async (request, response) => {
    extendSessionWhileRead(response, parts.log);
    const closed = new AbortController();
    const { signal } = closed;
    response.once('close', () => closed.abort());
    const req = webRequest(request, signal);
    // Each call of the batch listens.
    setMaxListeners(0, req.signal);
    const { status, headers, body } = await resolveResponse({
      router: appRouter,
      req,
      path: request.path.slice(request.path.lastIndexOf('/') + 1),
      error: null,
      maxBatchSize: maxBatchCalls,
      // Queries may be sent by POST too: long inputs don't fit into a URL.
      allowMethodOverride: true,
      createContext: async () => createContext(response, parts),
      responseMeta({ errors }) {
        const retryAfter = retryAfterHeader(errors);
        const { wantsStream } = response.locals.calls ?? {};
        return {
          headers: {
            ...(wantsStream && streamHeaders),
            ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
          },
        };
      },
      onError: ({ error, path, ctx }) => ctx?.logFailure(error, path),
    });
    // HTTP/1.0, which nginx uses by default, has no chunks: the end of the connection is the end of the response.
    if (request.httpVersion === '1.0') headers.delete('transfer-encoding');
    response.statusCode = status;
    response.setHeaders(headers);
    if (body === null) {
      response.end();
      return;
    }
    // `Writable.toWeb` counts chunks against the limit in bytes, and so would buffer thousands of results.
    const sink = new WritableStream<Uint8Array>({
      async write(chunk) {
        if (!response.write(chunk)) await once(response, 'drain', { signal });
      },
      close: () => void response.end(),
    });
    // If the client disconnects, the calls are aborted, and no one is left to receive an error.
    await body.pipeTo(sink, { signal }).catch(() => response.destroy());
  };
}

/** The request as tRPC expects it. Its body is read once, and then held by no one. */
function webRequest(request: ExpressRequest, signal: AbortSignal): Request {
  const { headers, method, url } = request;
  const init = { method, headers: headerPairs(headers), signal, duplex: 'half' } as const;
  const address = new URL(url, 'http://localhost');
  if (method !== 'POST') return new Request(address, init);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(Buffer.from(typeof request.body === 'string' ? request.body : ''));
      controller.close();
      request.body = undefined;
    },
  });
  return new Request(address, { ...init, body });
}

function headerPairs(headers: ExpressRequest['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
}
