import { randomUUID } from 'node:crypto';
import type { Approvals } from '../graph/approvals.js';
import { replaceFirstItem, responseItem } from '../graph/batch.js';
import { type IntuneErrorOptions, intuneError } from '../graph/error-envelope.js';
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
  tooManyRequests,
} from '../graph/error-responses.js';
import { isBatch, type SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';
import { type TokenRegistry, tokenExpired, writeScopes } from '../graph/token-registry.js';
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
  serviceTimeout,
  tenantNotApplicable,
} from './published-errors.js';

/** The request that gets a fault, and the parts of the simulator that faults act on. */
export interface FaultContext {
  readonly request: SimulatedRequest;
  readonly injected: InjectedFault;
  readonly tokens: TokenRegistry;
  readonly approvals: Approvals;
}

/** The implementation of one fault. */
export interface Fault {
  /** Whether the write is applied, or the items of the batch are executed. */
  applies(request: SimulatedRequest): boolean;
  /** Returns the write that is applied in place of the request. */
  rewrite?(request: SimulatedRequest): SimulatedRequest;
  /** Returns the response to send. `original` is the response without the fault. */
  respond(original: SimulatedResponse, context: FaultContext): SimulatedResponse;
}

/** Every fault that the simulator can inject. */
export const faults = {
  throttled: withoutApplying(throttled),
  'throttled-applied': afterApplying(throttled),
  unavailable: withoutApplying(unavailable),
  'unavailable-bare': withoutApplying(({ request }) =>
    intuneError(request, 503, 'ServiceUnavailable', 'Service unavailable'),
  ),
  'server-error': withoutApplying(serverError),
  'server-error-applied': afterApplying(serverError),
  'bad-gateway': withoutApplying(() => gatewayPage(502, 'Bad Gateway')),
  'bad-gateway-applied': afterApplying(() => gatewayPage(502, 'Bad Gateway')),
  'gateway-timeout': withoutApplying(() => gatewayPage(504, 'Gateway Time-out')),
  'gateway-timeout-applied': afterApplying(() => gatewayPage(504, 'Gateway Time-out')),
  'service-timeout': withoutApplying(({ request }) => serviceTimeout(request)),
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
  conflict: withoutApplying(({ request }) => conflict(request)),
  'condition-not-met': withoutApplying(({ request }) => conditionNotMet(request)),
  locked: withoutApplying(({ request }) => locked(request)),
  'not-found': withoutApplying(({ request }) => resourceNotFound(request)),
  'route-not-implemented': withoutApplying(({ request }) => routeNotImplemented(request)),
  'segment-not-found': withoutApplying(({ request }) => segmentNotFound(request)),
  'method-not-allowed': withoutApplying(({ request }) => methodNotAllowed(request)),
  'not-implemented': withoutApplying(({ request }) => notImplemented(request)),
  'tenant-not-applicable': withoutApplying(({ request }) => tenantNotApplicable(request)),
  'forbidden-application': withoutApplying(({ request }) => forbiddenApplication(request, writeScopes)),
  'forbidden-user': withoutApplying(({ request }) => forbiddenUser(request)),
  'forbidden-nested': withoutApplying(({ request }) => forbiddenNested(request)),
  'token-expired': withoutApplying(({ request }) => tokenExpired(request)),
  'claims-challenge': withoutApplying(({ request, tokens }) => tokens.challenge(request)),
  'approval-required': withoutApplying(({ request }) => approvalRequired(request)),
  'approval-pending': withoutApplying(({ request, approvals }) => approvals.file(request)),
  'approval-pending-text': withoutApplying(({ request }) => approvalPendingText(request, randomUUID())),
  'approval-exists': withoutApplying(({ request }) => approvalExists(request)),
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

function withoutApplying(respond: (context: FaultContext) => SimulatedResponse): Fault {
  return { applies: () => false, respond: (_, context) => respond(context) };
}

function afterApplying(respond: (context: FaultContext) => SimulatedResponse): Fault {
  return { applies: () => true, respond: (_, context) => respond(context) };
}

/** Replaces only successful responses: Graph's errors remain unchanged. */
function onSuccess(respond: Fault['respond']): Fault {
  return {
    applies: () => true,
    respond: (original, context) => (original.status < 300 ? respond(original, context) : original),
  };
}

/** Replaces the response to the first item of a batch; has no effect on other requests. */
function onFirstItem(replace: Parameters<typeof replaceFirstItem>[2]): Fault {
  return onSuccess((original, { request }) => replaceFirstItem(request, original, replace));
}

function throttled({ request, injected }: FaultContext): SimulatedResponse {
  return tooManyRequests(request, retryAfterOptions(injected));
}

function unavailable({ request, injected }: FaultContext): SimulatedResponse {
  const options = retryAfterOptions(injected);
  return intuneError(request, 503, 'ServiceUnavailable', 'The service is temporarily unavailable', options);
}

function retryAfterOptions({ retryAfter, delayMs = 1000 }: InjectedFault): IntuneErrorOptions {
  const seconds = Math.ceil(delayMs / 1000);
  const formats = {
    seconds: { headers: { 'Retry-After': String(seconds) } },
    fractional: { headers: { 'Retry-After': (delayMs / 1000).toFixed(3) } },
    date: { headers: { 'Retry-After': new Date(Date.now() + delayMs).toUTCString() } },
    nested: { retryAfter: seconds },
    'nested-time-span': { retryAfter: new Date(delayMs).toISOString().slice(11, -1) },
    'nested-date': { retryAfter: new Date(Date.now() + delayMs).toISOString() },
    none: {},
  } satisfies Record<InjectedFault['retryAfter'], IntuneErrorOptions>;
  return formats[retryAfter];
}

function serverError({ request }: FaultContext): SimulatedResponse {
  const message = 'An internal server error has occurred';
  return intuneError(request, 500, 'InternalServerError', message, { nestedTwice: true });
}

function customResponse({ status = 200, response }: InjectedFault): SimulatedResponse {
  const { headers = {}, body, isForeign = false } = response ?? {};
  return { status, headers, isForeign, ...(typeof body === 'string' ? { text: body } : { body }) };
}

function noResponse(failure: 'reset' | 'stall'): SimulatedResponse {
  return { status: 0, headers: {}, failure };
}

function emptyResponse(status: number): SimulatedResponse {
  return { status, headers: {} };
}
