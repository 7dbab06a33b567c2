import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler } from 'express';
import { appRouter } from '../../api/router.js';
import { retryAfterHeader } from '../retry-after-header.js';
import { type ContextParts, createContext } from './create-context.js';
import { maxBatchCalls } from './parse-calls.js';

/** A stream that nobody reads is cut off after this. What is read is never silent for so long: there are pings. */
const unreadMs = 60_000;

/** Answers calls with tRPC's own adapter, which can stream. */
export function streamHandler(parts: ContextParts): RequestHandler {
  const answer = createExpressMiddleware({
    router: appRouter,
    maxBatchSize: maxBatchCalls,
    // The contract takes every procedure by POST: long inputs do not fit into an address.
    allowMethodOverride: true,
    createContext: ({ res }) => createContext(res, parts),
    responseMeta({ errors }) {
      const seconds = retryAfterHeader(errors);
      return { headers: new Headers(seconds === undefined ? [] : [['retry-after', seconds]]) };
    },
    onError: ({ error, path, ctx }) => ctx?.logFailure(error, path),
  });
  return (request, response, next) => {
    response.setTimeout(unreadMs, () => response.destroy());
    answer(request, response, next);
  };
}
