import type { RequestHandler } from 'express';
import type { ContextParts } from './create-context.js';
import { jsonHandler } from './json-handler.js';
import { streamHandler } from './stream-handler.js';

/** Hands requests that have passed the guards to tRPC: plain ones the short way, streams by tRPC's own adapter. */
export function trpcHandler(parts: ContextParts): RequestHandler {
  const json = jsonHandler(parts);
  const stock = streamHandler(parts);
  return (request, response, next) => (response.locals.calls?.wantsStream ? stock : json)(request, response, next);
}
