import type { RouterInputs } from '../client/index.js';
import { scriptKinds } from './script-kinds.js';

/** The first requests, by path and body, until the client takes their responses. */
const requests = new Map<string, { readonly response: Promise<Response>; readonly abort: () => void }>();

const keyOf = (path: unknown, body: unknown) => JSON.stringify([path, body]);

/** Sends a request exactly as the client would. */
function send(calls: readonly string[], inputs: readonly object[]): void {
  const path = `/trpc/${calls.join()}?batch=1`;
  const body = JSON.stringify(Object.fromEntries(inputs.entries()));
  const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
  const controller = new AbortController();
  const response = fetch(path, { method: 'POST', headers, body, signal: controller.signal });
  // The client reports a failure when it takes the response.
  response.catch(() => undefined);
  requests.set(keyOf(path, body), { response, abort: () => controller.abort() });
}

/**
 * Sends the first requests of a page, for which the client need not be loaded: the session and, on the overview, the
 * first lists. The client takes their responses instead of sending the same requests.
 */
export function sendFirstRequests(isOverview: boolean): void {
  send(['session.current'], []);
  if (!isOverview) return;
  const inputs = scriptKinds.map((scriptKind) => ({ scriptKind }) satisfies RouterInputs['script']['overview']);
  const calls = inputs.map(() => 'script.overview');
  send(calls, inputs);
}

/** The response to a request that has been sent already; `undefined` if it has not, or its response has been taken. */
export function takeFirstResponse(path: unknown, body: unknown): Promise<Response> | undefined {
  const key = keyOf(path, body);
  const request = requests.get(key);
  requests.delete(key);
  return request?.response;
}

/** Aborts the requests whose responses the client has not taken: later, they would be old. */
export function discardFirstResponses(): void {
  for (const { abort } of requests.values()) abort();
  requests.clear();
}
