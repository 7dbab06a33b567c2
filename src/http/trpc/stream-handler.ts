import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler } from 'express';
import { appRouter } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import { maxBatchCalls } from './calls.js';
import { type ContextParts, createContext } from './context.js';
import { extendSessionWhileRead } from './session-extension.js';

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
    response.setTimeout(unreadTimeoutMs, () => response.destroy());
    extendSessionWhileRead(response, parts.log);
    handle(request, response, next);
  };
}
