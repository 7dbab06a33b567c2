import { requestIdPlaceholder, type ScriptedResponse } from './scripted-graph.js';

/** The Activity ID in every error of Intune. */
export const activityId = '48dcc2a9-3982-4a52-851f-43fe0b58c237';

/** A part of the addresses in Intune's errors, which callers must not see. */
export const internalHost = 'fef.msua04.manage.example';

const graphHeaders = {
  'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
  'request-id': requestIdPlaceholder,
  'x-ms-ags-diagnostic': '{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"001"}}',
};

/** The headers of a response. */
export type Headers = Readonly<Record<string, string>>;

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
