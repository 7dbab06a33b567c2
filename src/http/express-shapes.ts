import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';
import type { Express } from 'express';

/**
 * Has requests and answers made in the shape that an Express app gives them, and the app give them no other.
 *
 * Express changes the prototype of both, and gives each answer a dictionary for its locals, after Node has made them. V8
 * then looks up their every property the slow way, for as long as they live: a tenth of what a call costs.
 *
 * @returns what Node's server makes them of
 */
export function shapesOf(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class AppRequest extends IncomingMessage {}
  class AppResponse<R extends IncomingMessage> extends ServerResponse<R> {
    readonly locals = { requestId: '', route: undefined, calls: undefined, visitor: undefined };
  }
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  // Set to what it is already, a prototype is left as it is.
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
