import { randomUUID } from 'node:crypto';
import { pathSegments, type SimulatedRequest } from './request.js';
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
  /** The `RetryAfter` of Intune's JSON, in seconds. */
  readonly retryAfterSeconds?: number;
  /** Whether the message within Intune's JSON is Intune's JSON again. */
  readonly nestedTwice?: boolean;
}

/** An error of Intune in Graph's format: its message is Intune's JSON, as text. */
export function intuneError(
  request: SimulatedRequest,
  status: number,
  code: string,
  text: string,
  { headers = {}, retryAfterSeconds, nestedTwice = false }: IntuneErrorOptions = {},
): SimulatedResponse {
  const toIntuneJson = (message: string) =>
    JSON.stringify(
      {
        _version: 3,
        Message: message,
        CustomApiErrorPhrase: '',
        RetryAfter: retryAfterSeconds ?? null,
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

/** 400: Graph or Intune rejects the content of the request. */
export function badRequest(request: SimulatedRequest, text: string): SimulatedResponse {
  return intuneError(request, 400, 'BadRequest', text);
}

/** 404: the script or state does not exist. */
export function resourceNotFound(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 404, 'ResourceNotFound', 'The requested resource was not found');
}

/** 409: an entity with this id exists. */
export function conflict(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 409, 'Conflict', 'An entity with the same id already exists');
}

/** 400 with Graph's misleading message: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2922. */
export function routeNotImplemented(request: SimulatedRequest): SimulatedResponse {
  // Graph drops empty segments before it calls Intune: a request with an empty id becomes one for the collection.
  const segments = (pathSegments(request) ?? []).slice(1).filter((segment) => segment !== '');
  const kinds = segments.map((_, index) => (index === 0 ? 'singleton' : index % 2 === 0 ? 'key' : 'navigation'));
  const target = segments.map((segment, index) => (kinds[index] === 'key' ? `('${segment}')` : `/${segment}`));
  const message =
    `No OData route exists that match template ~/${kinds.join('/')} with http verb ${request.method}` +
    ` for request /DeviceConfigV2/DCV2GraphService${target.join('')}.`;
  return graphError(request, 400, 'No method match route template', message);
}

/** 403: the token has none of `scopes`. */
export function forbiddenApplication(request: SimulatedRequest, scopes: readonly string[]): SimulatedResponse {
  const text =
    'Application is not authorized to perform this operation.' +
    ` Application must have one of the following scopes: ${scopes.join(', ')}`;
  return intuneError(request, 403, 'Forbidden', text);
}

/** 403: the signed-in user does not have the Intune role. */
export function forbiddenUser(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 403, 'Forbidden', 'User is not authorized to perform this operation');
}

/** 429: a throttling limit is exceeded. */
export function tooManyRequests(request: SimulatedRequest, options: IntuneErrorOptions): SimulatedResponse {
  return intuneError(request, 429, 'TooManyRequests', 'Too many requests were sent', options);
}

/** 401 with `challenge` as its `WWW-Authenticate` header. */
export function unauthorized(request: SimulatedRequest, message: string, challenge: string): SimulatedResponse {
  return graphError(request, 401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': challenge });
}
