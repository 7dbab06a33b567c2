import { graphError, intuneError } from '../graph/error-envelope.js';
import { routeNotImplemented } from '../graph/error-responses.js';
import { pathSegments, type SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';

/** 401 although the token is valid: the caller does not have the Intune role. */
export function forbiddenNested(request: SimulatedRequest): SimulatedResponse {
  const message = JSON.stringify({
    ErrorCode: 'Forbidden',
    Message: JSON.stringify({ ErrorCode: 'Forbidden', Message: 'The user does not have the required role.' }),
    Target: null,
    Details: null,
    InnerError: null,
    InstanceAnnotations: [],
  });
  return graphError(request, 401, 'UnknownError', message);
}

/** 400: the tenant has no Intune license or no MDM authority. */
export function tenantNotApplicable(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 400, 'BadRequest', 'Request not applicable to target tenant.');
}

/** 400: this version of Graph does not have the route. */
export function segmentNotFound(request: SimulatedRequest): SimulatedResponse {
  const segment = pathSegments(request)?.[2] ?? '';
  return graphError(request, 400, 'BadRequest', `Resource not found for the segment '${segment}'.`);
}

/** 405: this version of Graph does not have the method. */
export function methodNotAllowed(request: SimulatedRequest): SimulatedResponse {
  return graphError(request, 405, 'MethodNotAllowed', 'Specified HTTP method is not allowed for the request target.');
}

/** 501, with the message of a route that is not implemented. */
export function notImplemented(request: SimulatedRequest): SimulatedResponse {
  return { ...routeNotImplemented(request), status: 501 };
}

/** 423: the entity is locked. */
export function locked(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 423, 'Locked', 'The resource is locked by another operation');
}

/** 412 that is unrelated to approval. */
export function conditionNotMet(request: SimulatedRequest): SimulatedResponse {
  return intuneError(request, 412, 'ConditionNotMet', 'The condition specified in the request is not met');
}

/** The HTML page of a gateway of Graph, with Graph's headers. */
export function gatewayPage(status: number, title: string): SimulatedResponse {
  return { status, headers: { 'Content-Type': 'text/html' }, text: htmlPage(`${status} ${title}`) };
}

/** The HTML page of a proxy or a captive portal between the client and Graph. */
export function proxyPage(status = 403): SimulatedResponse {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      ...(status === 407 && { 'Proxy-Authenticate': 'Basic realm="proxy"' }),
      ...(status >= 300 && status < 400 && { Location: 'https://portal.example/sign-in' }),
    },
    text: htmlPage('Access to this network requires a sign-in'),
    isForeign: true,
  };
}

function htmlPage(title: string): string {
  return `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
}
