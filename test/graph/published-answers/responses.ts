import type { ScriptUserState } from '../../../src/script-user-state.js';
import { graphJson, type Headers } from '../../support/graph-responses.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, newCounts } from './published-answer.js';

/** The entity as the documentation shows it. */
export function entity(state: ScriptUserState): object {
  return { '@odata.type': '#microsoft.graph.deviceManagementScriptUserState', ...state };
}

/** The response that shows a state. */
export function shows(state: ScriptUserState, headers: Headers = {}): ScriptedResponse {
  return graphJson(200, entity(state), headers);
}

/** The response after which Graph has these values. */
export function stored(
  response: ScriptedResponse,
  stores: NonNullable<ScriptedResponse['stores']> = newCounts,
): ScriptedResponse {
  return { ...response, stores };
}

/** The documented response to an update: it is applied, and the response shows it. */
export const saved = stored(shows(after));

/** The page of a server between the service and Graph. It says nothing about the request. */
export function proxyPage(status: number, title: string, headers: Headers = {}): ScriptedResponse {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { from: 'proxy', status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body };
}

/** The JSON of a server between the service and Graph. */
export function proxyJson(status: number, body: object): ScriptedResponse {
  return { from: 'proxy', status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
