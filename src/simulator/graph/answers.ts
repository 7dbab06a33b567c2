import { randomUUID } from 'node:crypto';
import { type GraphRequest, pathSegments } from './request.js';

/** What the simulated Graph answers to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined for none. */
  readonly body?: unknown;
  /** Sent as it stands, instead of a body. */
  readonly text?: string;
  /** What becomes of the answer when it doesn't reach its caller whole. */
  readonly delivery?: 'reset' | 'stall' | 'truncated';
}

/** Graph's envelope for an error. */
export function errorAnswer(
  request: GraphRequest,
  status: number,
  code: string,
  message: string,
  headers: Answer['headers'] = {},
): Answer {
  const innerError = {
    date: new Date().toISOString().slice(0, 19),
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
  };
  return { status, headers, body: { error: { code, message, innerError } } };
}

/** What an Intune error may say beside its text. */
export interface IntuneDetails {
  readonly headers?: Answer['headers'];
  /** Seconds, in the nested message's `RetryAfter`. */
  readonly retryAfter?: number;
  /** The nested message's own message is such a JSON text once more. */
  readonly twice?: boolean;
}

/** Graph's envelope around an error of Intune, which is JSON within the message. */
export function intuneError(
  request: GraphRequest,
  status: number,
  code: string,
  text: string,
  { headers = {}, retryAfter, twice = false }: IntuneDetails = {},
): Answer {
  const nest = (message: string) =>
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
  const nested = nest(
    `${text} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000` +
      ` - Activity ID: ${randomUUID()}` +
      ` - Url: https://fef.simulated.manage.microsoft.com/DeviceConfigV2/DCV2GraphService${request.path}`,
  );
  return errorAnswer(request, status, code, twice ? nest(nested) : nested, headers);
}

/** 400: Graph or Intune refuses what the request says. */
export function badRequest(request: GraphRequest, text: string): Answer {
  return intuneError(request, 400, 'BadRequest', text);
}

/** 404: no such script or state. */
export function notFound(request: GraphRequest): Answer {
  return intuneError(request, 404, 'ResourceNotFound', 'The requested resource was not found');
}

/** 409: the entity is there already. */
export function conflict(request: GraphRequest): Answer {
  return intuneError(request, 409, 'Conflict', 'An entity with the same id already exists');
}

/** 400 in Graph's misleading words: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2922. */
export function routeNotImplemented(request: GraphRequest): Answer {
  // An empty segment is lost on the way to Intune: an empty id reads as a request to its collection.
  const segments = (pathSegments(request) ?? []).slice(1).filter((segment) => segment !== '');
  const kinds = segments.map((_, index) => (index === 0 ? 'singleton' : index % 2 === 0 ? 'key' : 'navigation'));
  const target = segments.map((segment, index) => (kinds[index] === 'key' ? `('${segment}')` : `/${segment}`));
  const message =
    `No OData route exists that match template ~/${kinds.join('/')} with http verb ${request.method}` +
    ` for request /DeviceConfigV2/DCV2GraphService${target.join('')}.`;
  return errorAnswer(request, 400, 'No method match route template', message);
}

/** 403: the token lacks every one of `scopes`. */
export function forbiddenApplication(request: GraphRequest, scopes: readonly string[]): Answer {
  const text =
    'Application is not authorized to perform this operation.' +
    ` Application must have one of the following scopes: ${scopes.join(', ')}`;
  return intuneError(request, 403, 'Forbidden', text);
}

/** 403: the signed-in user lacks an Intune role. */
export function forbiddenUser(request: GraphRequest): Answer {
  return intuneError(request, 403, 'Forbidden', 'User is not authorized to perform this operation');
}

/** 429: too much was asked. */
export function tooManyRequests(request: GraphRequest, details: IntuneDetails): Answer {
  return intuneError(request, 429, 'TooManyRequests', 'Too many requests were sent', details);
}

/** 401 with what `WWW-Authenticate` says. */
export function unauthorized(request: GraphRequest, message: string, challenge: string): Answer {
  return errorAnswer(request, 401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': challenge });
}
