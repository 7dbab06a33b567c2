import type { RequestHandler } from 'express';
import type { TrpcParts } from './create-context.js';
import { answerJsonCalls } from './json-handler.js';
import { answerStockCalls } from './stream-handler.js';

/** Hands requests that have passed the guards to tRPC: plain ones the short way, streams by tRPC's own adapter. */
export function answerCalls(parts: TrpcParts): RequestHandler {
  const json = answerJsonCalls(parts);
  const stock = answerStockCalls(parts);
  return (request, response, next) => (response.locals.calls?.streamed ? stock : json)(request, response, next);
}
