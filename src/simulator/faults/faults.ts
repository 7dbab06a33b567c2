import { randomUUID } from 'node:crypto';
import { type Approvals, approvalRequired } from '../graph/approvals.js';
import { replaceFirstItem, responseItem } from '../graph/batch.js';
import {
  badRequest,
  conflict,
  forbiddenApplication,
  forbiddenUser,
  type IntuneErrorOptions,
  intuneError,
  resourceNotFound,
  routeNotImplemented,
  tooManyRequests,
} from '../graph/error-responses.js';
import { isBatch, type SimulatedRequest } from '../graph/request.js';
import type { SimulatedResponse } from '../graph/response.js';
import { type TokenRegistry, tokenExpired, writeScopes } from '../graph/token-registry.js';
import type { SimulatorFault } from './fault-names.js';
import type { InjectedFault } from './fault-rules.js';

/** The request that gets a fault, and the parts of the simulator that faults act on. */
export interface FaultContext {
  readonly request: SimulatedRequest;
  readonly injected: InjectedFault;
  readonly tokens: TokenRegistry;
  readonly approvals: Approvals;
  /** The start of absolute links. */
  readonly origin: string;
}

/** The implementation of one fault. */
export interface Fault {
  /** Whether the write is applied, or the items of the batch are executed. */
  applies(request: SimulatedRequest): boolean;
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
  malformed: onSuccess(() => ({ status: 200, headers: {}, text: '{"id": this is not JSON' })),
  incomplete: onSuccess((original) => ({ ...original, body: withoutRequiredProperties(original.body) })),
  oversized: onSuccess((original) => {
    const body = typeof original.body === 'object' ? original.body : {};
    return { status: 200, headers: {}, body: { ...body, padding: 'x'.repeat(4 * 1024 * 1024) } };
  }),
  redirect: withoutApplying(({ origin }) => ({ status: 302, headers: { Location: `${origin}/beta/redirected` } })),
  rejected: withoutApplying(({ request }) => badRequest(request, 'One or more of the values are not acceptable')),
  conflict: withoutApplying(({ request }) => conflict(request)),
  'not-found': withoutApplying(({ request }) => resourceNotFound(request)),
  'route-not-implemented': withoutApplying(({ request }) => routeNotImplemented(request)),
  'forbidden-application': withoutApplying(({ request }) => forbiddenApplication(request, writeScopes)),
  'forbidden-user': withoutApplying(({ request }) => forbiddenUser(request)),
  'token-expired': withoutApplying(({ request }) => tokenExpired(request)),
  'claims-challenge': withoutApplying(({ request, tokens }) => tokens.challenge(request)),
  'approval-required': withoutApplying(({ request }) => approvalRequired(request)),
  'approval-pending': withoutApplying(({ request, approvals }) => approvals.queue(request)),
  'next-link-loop': onSuccess((original, { origin, request }) => withNextLink(original, `${origin}${request.path}`)),
  'next-link-foreign': onSuccess((original, { request }) =>
    withNextLink(original, `https://graph.example.net${request.path}`),
  ),
  'batch-item-missing': onFirstItem(() => []),
  'batch-item-twice': onFirstItem((original, item) => [original, responseItem(item, resourceNotFound(item))]),
  'batch-item-foreign': onFirstItem((original) => [{ ...original, id: randomUUID() }]),
  'batch-item-bare': onFirstItem((original) => [{ ...original, status: undefined }]),
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
    nested: { retryAfterSeconds: seconds },
    none: {},
  } satisfies Record<InjectedFault['retryAfter'], IntuneErrorOptions>;
  return formats[retryAfter];
}

function serverError({ request }: FaultContext): SimulatedResponse {
  const message = 'An internal server error has occurred';
  return intuneError(request, 500, 'InternalServerError', message, { nestedTwice: true });
}

function gatewayPage(status: number, title: string): SimulatedResponse {
  const page = `<html><head><title>${status} ${title}</title></head><body><h1>${status} ${title}</h1></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html' }, text: page };
}

function noResponse(failure: 'reset' | 'stall'): SimulatedResponse {
  return { status: 0, headers: {}, failure };
}

function emptyResponse(status: number): SimulatedResponse {
  return { status, headers: {} };
}

function isEntity(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && 'id' in body;
}

function isList(body: unknown): body is { readonly value: readonly unknown[] } {
  return typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value);
}

/** Removes the properties that every client needs, such as the counts of a user state. */
function withoutRequiredProperties(body: unknown): unknown {
  if (isList(body)) return { ...body, value: body.value.map(withoutRequiredProperties) };
  if (!isEntity(body)) return body;
  const { successDeviceCount: _s, errorDeviceCount: _e, runState: _r, displayName: _d, ...rest } = body;
  return rest;
}

function withNextLink(original: SimulatedResponse, nextLink: string): SimulatedResponse {
  return isList(original.body) ? { ...original, body: { ...original.body, '@odata.nextLink': nextLink } } : original;
}
