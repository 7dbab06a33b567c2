import type { RequestHandler } from 'express';
import type { ContextParts } from './context.js';
import { jsonHandler } from './json-handler.js';
import { streamHandler } from './stream-handler.js';

/** Handles requests that have passed the guards: streams by tRPC's own adapter, all others without web streams. */
export function trpcHandler(parts: ContextParts): RequestHandler {
  const json = jsonHandler(parts);
  const stream = streamHandler(parts);
  return (request, response, next) => {
    const handle = response.locals.calls?.wantsStream ? stream : json;
    return handle(request, response, next);
  };
}
