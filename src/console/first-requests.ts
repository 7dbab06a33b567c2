import type { RouterInputs } from '../client/index.js';
import { scriptKinds } from './script-kinds.js';

/**
 * The browser runs this file at once, because the rest of the code takes seconds to load over a slow connection. It
 * sends the first requests exactly as the client would, which then takes their responses from here.
 */
const responses = new Map<string, Promise<Response>>();

const keyOf = (path: unknown, body: unknown) => JSON.stringify([path, body]);

function send(calls: readonly string[], inputs: readonly object[]): void {
  const path = `/trpc/${calls.join()}?batch=1`;
  const body = JSON.stringify(Object.fromEntries(inputs.entries()));
  const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
  const response = fetch(path, { method: 'POST', headers, body });
  // The client reports a failure when it takes the response.
  response.catch(() => undefined);
  responses.set(keyOf(path, body), response);
}

/** The response to a request that has been sent already; `undefined` if it has not, or its response has been taken. */
export function takeFirstResponse(path: unknown, body: unknown): Promise<Response> | undefined {
  const key = keyOf(path, body);
  const response = responses.get(key);
  responses.delete(key);
  return response;
}

send(['session.current'], []);
if (window.location.pathname === '/') {
  const inputs = scriptKinds.map((scriptKind) => ({ scriptKind }) satisfies RouterInputs['script']['overview']);
  const calls = inputs.map(() => 'script.overview');
  send(calls, inputs);
  import('./overview/overview-page.js').catch(() => undefined);
}
