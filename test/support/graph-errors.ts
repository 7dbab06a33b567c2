import type { GraphServerResponse } from './graph-server.js';

/** The `request-id` of the errors. */
export const requestId = '6f1c9e55-4b53-4f0e-9d35-8d3f1d9d4a10';
/** The activity id in Intune's messages. */
export const activityId = 'ce80e7e8-8a96-4c03-898c-d85f9cdf805a';

/** An error as Graph sends it. */
export function graphError(
  status: number,
  code: string,
  message: unknown,
  innerError: object = {},
): GraphServerResponse {
  const ids = { date: '2026-05-19T10:00:00', 'request-id': requestId, 'client-request-id': requestId };
  return {
    status,
    headers: { 'content-type': 'application/json', 'request-id': requestId },
    body: { error: { code, message, innerError: { ...ids, ...innerError } } },
  };
}

/** Intune's own JSON, which Graph sends as the message of an error. */
export function intune(message: string, fields: object = {}): string {
  const ids =
    ' - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000' +
    ` - Activity ID: ${activityId} - Url: https://fef.msuc02.manage.microsoft.com/DeviceFE/x?timeout=approval`;
  return JSON.stringify({
    _version: 3,
    Message: message + ids,
    CustomApiErrorPhrase: '',
    RetryAfter: null,
    ErrorSourceService: '',
    HttpHeaders: '{}',
    ...fields,
  });
}

/** The JSON with which Intune wraps the JSON of {@link intune}. */
export const nested = (errorCode: string, message: string) =>
  JSON.stringify({ ErrorCode: errorCode, Message: message, Target: null, Details: null, InnerError: null });
