import { graphError, type IntuneErrorOptions, intuneError } from './error-envelope.js';
import { pathSegments, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

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

/** 403 without a reason: the approval code is not valid for this request. */
export function forbidden(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 403, 'Forbidden', 'Forbidden');
}

/** 429: a throttling limit is exceeded. */
export function tooManyRequests(request: SimulatedRequest, options: IntuneErrorOptions): SimulatedResponse {
  return intuneError(request, 429, 'TooManyRequests', 'Too many requests were sent', options);
}

/** 401 with `challenge` as its `WWW-Authenticate` header. */
export function unauthorized(request: SimulatedRequest, message: string, challenge: string): SimulatedResponse {
  return graphError(request, 401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': challenge });
}

/** 400: the request needs a justification for its approval. */
export function approvalRequired(request: SimulatedRequest): SimulatedResponse {
  return badRequest(request, 'Multi admin approval is required: send the header x-msft-approval-justification');
}

/** 412: the request waits for approval. The response to a batch item has the code only in its message. */
export function approvalPending(request: SimulatedRequest, code: string): SimulatedResponse {
  if (request.batchItem !== null) return approvalPendingText(request, code);
  const text = `The request is waiting for the approval of another administrator: x-msft-approval-code: ${code}`;
  return intuneError(request, 412, 'PreconditionFailed', text, { headers: { 'x-msft-approval-code': code } });
}

/** 403: the request waits for approval, with the code only in the message. */
export function approvalPendingText(request: SimulatedRequest, code: string): SimulatedResponse {
  return intuneError(request, 403, 'ApprovalRequired', `Approval Required. x-msft-approval-code: ${code}`);
}

/** 409: the same change waits for approval. */
export function approvalExists(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 409, 'Conflict', 'An active Approval Request already exists for this entity');
}
