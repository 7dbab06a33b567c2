import { randomUUID } from 'node:crypto';
import { responseItem } from '../graph/batch.js';
import { intuneError } from '../graph/error-envelope.js';
import {
  approvalExists,
  approvalPendingText,
  approvalRequired,
  badRequest,
  conflict,
  forbiddenApplication,
  forbiddenUser,
  resourceNotFound,
  routeNotImplemented,
} from '../graph/error-responses.js';
import { isBatch, type SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';
import { tokenExpired, writeScopes } from '../graph/token-registry.js';
import { serviceTimeout, throttled, unavailable } from './delayed-errors.js';
import {
  changeEntities,
  isEntity,
  replaceFirstEntry,
  withClampedCounts,
  withLowerCaseName,
  withNextLink,
  withNullCounts,
  withOtherId,
  withoutRequiredProperties,
  withUpperCaseId,
} from './entity-changes.js';
import { afterApplying, type Fault, failing, onFirstItem, onSuccess, withoutApplying } from './fault.js';
import type { SimulatorFault } from './fault-names.js';
import type { InjectedFault } from './fault-rules.js';
import {
  conditionNotMet,
  forbiddenNested,
  gatewayPage,
  locked,
  methodNotAllowed,
  notImplemented,
  proxyPage,
  segmentNotFound,
  tenantNotApplicable,
} from './published-errors.js';

/** Every fault that the simulator can inject. */
export const faults = {
  throttled: withoutApplying(throttled),
  'throttled-applied': afterApplying(throttled),
  unavailable: withoutApplying(unavailable),
  'unavailable-bare': withoutApplying(({ request }) =>
    intuneError(request, 503, 'ServiceUnavailable', 'Service unavailable'),
  ),
  'server-error': failing(serverError),
  'server-error-applied': afterApplying(({ request }) => serverError(request)),
  'bad-gateway': withoutApplying(() => gatewayPage(502, 'Bad Gateway')),
  'bad-gateway-applied': afterApplying(() => gatewayPage(502, 'Bad Gateway')),
  'gateway-timeout': withoutApplying(() => gatewayPage(504, 'Gateway Time-out')),
  'gateway-timeout-applied': afterApplying(() => gatewayPage(504, 'Gateway Time-out')),
  'service-timeout': withoutApplying(serviceTimeout),
  'proxy-page': withoutApplying(({ injected }) => proxyPage(injected.status)),
  reset: withoutApplying(() => noResponse('reset')),
  'reset-applied': afterApplying(() => noResponse('reset')),
  stall: withoutApplying(() => noResponse('stall')),
  'stall-applied': afterApplying(() => noResponse('stall')),
  truncated: onSuccess(({ body = {} }) => ({ status: 200, headers: {}, body, failure: 'truncated' })),
  latency: onSuccess((original) => original),
  'no-content': onSuccess(() => emptyResponse(204)),
  accepted: onSuccess(() => emptyResponse(202)),
  'accepted-unapplied': { ...onSuccess(() => emptyResponse(202)), applies: () => false },
  empty: onSuccess(() => emptyResponse(200)),
  wrapped: onSuccess((original) =>
    isEntity(original.body) ? { ...original, body: { value: original.body } } : original,
  ),
  ignored: { ...onSuccess((original) => original), applies: isBatch },
  'ignored-no-content': { ...onSuccess(() => emptyResponse(204)), applies: () => false },
  clamped: { ...onSuccess((original) => original), rewrite: withClampedCounts },
  'lower-case-name': { ...onSuccess((original) => original), rewrite: withLowerCaseName },
  'other-id': onSuccess((original) => changeEntities(original, withOtherId)),
  'upper-case-id': onSuccess((original) => changeEntities(original, withUpperCaseId)),
  malformed: onSuccess(() => ({ status: 200, headers: {}, text: '{"id": this is not JSON' })),
  incomplete: onSuccess((original) => changeEntities(original, withoutRequiredProperties)),
  'byte-order-mark': onSuccess((original) =>
    original.body === undefined ? original : { ...original, text: `\u{FEFF}${JSON.stringify(original.body)}` },
  ),
  compressed: onSuccess((original) => ({ ...original, isCompressed: true })),
  oversized: onSuccess((original) => {
    const body = typeof original.body === 'object' ? original.body : {};
    return { status: 200, headers: {}, body: { ...body, padding: 'x'.repeat(4 * 1024 * 1024) } };
  }),
  'unreadable-entry': onSuccess((original) => replaceFirstEntry(original, () => [{ id: null, runState: {} }])),
  'null-counts': onSuccess((original) => replaceFirstEntry(original, (entry) => [withNullCounts(entry)])),
  'repeated-entry': onSuccess((original) => replaceFirstEntry(original, (entry) => [entry, entry])),
  redirect: withoutApplying(({ request: { origin, path } }) => ({
    status: 302,
    headers: { Location: `${origin}${path}` },
  })),
  rejected: withoutApplying(({ request }) => badRequest(request, 'One or more of the values are not acceptable')),
  conflict: failing(conflict),
  'condition-not-met': failing(conditionNotMet),
  locked: failing(locked),
  'not-found': failing(resourceNotFound),
  'route-not-implemented': failing(routeNotImplemented),
  'segment-not-found': failing(segmentNotFound),
  'method-not-allowed': failing(methodNotAllowed),
  'not-implemented': failing(notImplemented),
  'tenant-not-applicable': failing(tenantNotApplicable),
  'forbidden-application': withoutApplying(({ request }) => forbiddenApplication(request, writeScopes)),
  'forbidden-user': failing(forbiddenUser),
  'forbidden-nested': failing(forbiddenNested),
  'token-expired': failing(tokenExpired),
  'claims-challenge': withoutApplying(({ request, tokens }) => tokens.challenge(request)),
  'approval-required': failing(approvalRequired),
  'approval-pending': withoutApplying(({ request, approvals }) => approvals.file(request)),
  'approval-pending-text': withoutApplying(({ request }) => approvalPendingText(request, randomUUID())),
  'approval-exists': failing(approvalExists),
  'next-link-loop': onSuccess((original, { request }) => withNextLink(original, `${request.origin}${request.path}`)),
  'next-link-foreign': onSuccess((original, { request }) =>
    withNextLink(original, `https://graph.example.net${request.path}`),
  ),
  'batch-item-missing': onFirstItem(() => []),
  'batch-item-twice': onFirstItem((original, item) => [original, responseItem(item, resourceNotFound(item))]),
  'batch-item-foreign': onFirstItem((original) => [{ ...original, id: randomUUID() }]),
  'batch-item-bare': onFirstItem((original) => [{ ...original, status: undefined }]),
  custom: withoutApplying(({ injected }) => customResponse(injected)),
} as const satisfies Record<SimulatorFault, Fault>;

function serverError(request: SimulatedRequest): SimulatedResponse {
  const message = 'An internal server error has occurred';
  return intuneError(request, 500, 'InternalServerError', message, { nestedTwice: true });
}

function customResponse({ response }: InjectedFault): SimulatedResponse {
  const { headers = {}, body, isForeign = false } = response ?? {};
  return { status: 200, headers, isForeign, ...(typeof body === 'string' ? { text: body } : { body }) };
}

function noResponse(failure: 'reset' | 'stall'): SimulatedResponse {
  return { status: 0, headers: {}, failure };
}

function emptyResponse(status: number): SimulatedResponse {
  return { status, headers: {} };
}
