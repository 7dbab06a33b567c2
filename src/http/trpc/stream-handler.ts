import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler, Response } from 'express';
import { appRouter } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import { maxBatchCalls } from './calls.js';
import { type ContextParts, createContext } from './context.js';

/** How long a client may leave a stream unread. Pings write to the stream more often than that. */
const unreadTimeoutMs = 60_000;

/** Prevents proxies from holding results back: nginx buffers responses, and compression waits for more of them. */
const streamHeaders = { 'x-accel-buffering': 'no', 'cache-control': 'no-store, no-transform' };

/** Handles calls with tRPC's own adapter, which can stream. */
export function streamHandler(parts: ContextParts): RequestHandler {
  const handle = createExpressMiddleware({
    router: appRouter,
    maxBatchSize: maxBatchCalls,
    // Queries may be sent by POST too: long inputs don't fit into a URL.
    allowMethodOverride: true,
    createContext: ({ res }) => createContext(res, parts),
    responseMeta({ errors }) {
      const retryAfter = retryAfterHeader(errors);
      return { headers: { ...streamHeaders, ...(retryAfter !== undefined && { 'retry-after': retryAfter }) } };
    },
    onError: ({ error, path, ctx }) => ctx?.logFailure(error, path),
  });
  return (request, response, next) => {
    if (request.httpVersion === '1.0') preventChunks(response);
    response.setTimeout(unreadTimeoutMs, () => response.destroy());
    handle(request, response, next);
  };
}

/**
 * Ignores the header with which tRPC requests chunks. HTTP/1.0, which nginx uses by default, has none: the end of the
 * connection is the end of the response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.1
 */
function preventChunks(response: Response): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) =>
    name.toLowerCase() === 'transfer-encoding' ? response : setHeader(name, value);
}
