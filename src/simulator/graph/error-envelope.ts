import { randomUUID } from 'node:crypto';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

/** An error in Graph's format. */
export function graphError(
  request: SimulatedRequest,
  status: number,
  code: string,
  message: string,
  headers: SimulatedResponse['headers'] = {},
): SimulatedResponse {
  const innerError = {
    date: new Date().toISOString().slice(0, 19),
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
  };
  return { status, headers, body: { error: { code, message, innerError } } };
}

/** The optional parts of an Intune error. */
export interface IntuneErrorOptions {
  readonly headers?: SimulatedResponse['headers'];
  /** The `RetryAfter` of Intune's JSON: seconds, a time span or a date. */
  readonly retryAfter?: number | string;
  /** Whether the message within Intune's JSON is Intune's JSON again. */
  readonly nestedTwice?: boolean;
}

/** An error of Intune in Graph's format: its message is Intune's JSON, as text. */
export function intuneError(
  request: SimulatedRequest,
  status: number,
  code: string,
  text: string,
  { headers = {}, retryAfter, nestedTwice = false }: IntuneErrorOptions = {},
): SimulatedResponse {
  const toIntuneJson = (message: string) =>
    JSON.stringify(
      {
        _version: 3,
        Message: message,
        CustomApiErrorPhrase: '',
        RetryAfter: retryAfter ?? null,
        ErrorSourceService: '',
        HttpHeaders: '{}',
      },
      null,
      2,
    );
  const message = toIntuneJson(
    `${text} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000` +
      ` - Activity ID: ${randomUUID()}` +
      ` - Url: https://fef.simulated.manage.microsoft.com/DeviceConfigV2/DCV2GraphService${request.path}`,
  );
  return graphError(request, status, code, nestedTwice ? toIntuneJson(message) : message, headers);
}
