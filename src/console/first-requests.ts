import type { RouterInputs } from '../client/index.js';
import { scriptKinds } from './script-kinds.js';

/** The responses to the first requests, by path and body, until the client takes them. */
const responses = new Map<string, Promise<Response>>();

const keyOf = (path: unknown, body: unknown) => JSON.stringify([path, body]);

/** Sends a request exactly as the client would. */
function send(calls: readonly string[], inputs: readonly object[]): void {
  const path = `/trpc/${calls.join()}?batch=1`;
  const body = JSON.stringify(Object.fromEntries(inputs.entries()));
  const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
  const response = fetch(path, { method: 'POST', headers, body });
  // The client reports a failure when it takes the response.
  response.catch(() => undefined);
  responses.set(keyOf(path, body), response);
}

/**
 * Sends the first requests of a page, for which the client need not be loaded: the session and, on the overview, the
 * first lists. The client takes their responses instead of sending the same requests.
 */
export function sendFirstRequests(pathname: string): void {
  send(['session.current'], []);
  if (pathname !== '/') return;
  const inputs = scriptKinds.map((scriptKind) => ({ scriptKind }) satisfies RouterInputs['script']['overview']);
  const calls = inputs.map(() => 'script.overview');
  send(calls, inputs);
}

/** The response to a request that has been sent already; `undefined` if it has not, or its response has been taken. */
export function takeFirstResponse(path: unknown, body: unknown): Promise<Response> | undefined {
  const key = keyOf(path, body);
  const response = responses.get(key);
  responses.delete(key);
  return response;
}
