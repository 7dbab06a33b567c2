import type { ScriptUserState } from '../../../src/script-user-state.js';
import { requestIdPlaceholder, type ScriptedResponse } from '../../support/scripted-graph.js';
import { after, newCounts } from './published-answer.js';

/** The Activity ID in every error of Intune. */
export const activityId = '48dcc2a9-3982-4a52-851f-43fe0b58c237';

/** A part of the addresses in Intune's errors, which callers must not see. */
export const internalHost = 'fef.msua04.manage.example';

const graphHeaders = {
  'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
  'request-id': requestIdPlaceholder,
  'x-ms-ags-diagnostic': '{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"001"}}',
};

type Headers = Readonly<Record<string, string>>;

/** A response of Graph with any body. */
export function graphResponse(status: number, body: string, headers: Headers = {}): ScriptedResponse {
  return { from: 'graph', status, headers: { ...graphHeaders, ...headers }, body };
}

/** A response of Graph with JSON. */
export function graphJson(status: number, body: object, headers: Headers = {}): ScriptedResponse {
  return graphResponse(status, JSON.stringify(body), headers);
}

/** An error in Graph's envelope. */
export function graphError(status: number, code: string, message: string, headers: Headers = {}): ScriptedResponse {
  const innerError = {
    date: '2026-05-19T09:26:35',
    'request-id': requestIdPlaceholder,
    'client-request-id': requestIdPlaceholder,
  };
  return graphJson(status, { error: { code, message, innerError } }, headers);
}

/** The JSON that Intune puts into the message of an error. */
export function intuneText(message: string, retryAfter: unknown = null, phrase = ''): string {
  const ids = `Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: ${activityId}`;
  const url = `https://${internalHost}/DeviceFE/StatelessDeviceFEService/deviceManagement?api-version=2026-05-19`;
  return JSON.stringify({
    _version: 3,
    Message: `${message} - ${ids} - Url: ${url}${phrase && ` - CustomApiErrorPhrase: ${phrase}`}`,
    CustomApiErrorPhrase: phrase,
    RetryAfter: retryAfter,
    ErrorSourceService: '',
    HttpHeaders: '{}',
  });
}

/** An error of Intune in Graph's envelope. */
export function intuneError(status: number, code: string, message: string, headers: Headers = {}): ScriptedResponse {
  return graphError(status, code, intuneText(message), headers);
}

/** An error of Intune within another one: the code of the inner one tells more than Graph's own. */
export function nestedIntuneError(status: number, code: string, message: string): ScriptedResponse {
  const inner = { ErrorCode: code, Message: intuneText(message), Target: null, Details: null, InnerError: null };
  return graphError(status, 'UnknownError', JSON.stringify(inner));
}

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
