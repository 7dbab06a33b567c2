import type { Request, RequestHandler, Response } from 'express';

/** Something that is done with every request at once; what it throws is the answer. */
export type SyncMiddleware = (request: Request, response: Response) => void;

/** Takes steps one after the other, without Express looking for the next one in between. */
export function syncMiddleware(...steps: readonly SyncMiddleware[]): RequestHandler {
  return (request, response, next) => {
    for (const step of steps) step(request, response);
    next();
  };
}
