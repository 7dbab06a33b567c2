import { randomUUID } from 'node:crypto';
import {
  type Answer,
  badRequest,
  conflict,
  forbiddenApplication,
  forbiddenUser,
  type IntuneDetails,
  intuneError,
  notFound,
  routeNotImplemented,
  tooManyRequests,
} from '../graph/answers.js';
import { type Approvals, justificationRequired } from '../graph/approvals.js';
import { itemAnswer, replaceFirst } from '../graph/batch.js';
import { type GraphRequest, isBatch } from '../graph/request.js';
import { expired, type Tokens, writeScopes } from '../graph/tokens.js';
import type { SimulatorFault } from './fault-names.js';
import type { FaultEffect } from './fault-rules.js';

/** What a fault may need to know of its request and the simulator. */
export interface FaultContext {
  readonly request: GraphRequest;
  readonly effect: FaultEffect;
  readonly tokens: Tokens;
  readonly approvals: Approvals;
  /** Begins the absolute links. */
  readonly origin: string;
}

/** One thing that goes wrong. */
export interface Fault {
  /** Whether a write is applied, or the items of a batch are served, all the same. */
  applies(request: GraphRequest): boolean;
  /** Turns the ordinary answer (to the write as applied, or as ignored) into the one that is given. */
  answer(ordinary: Answer, context: FaultContext): Answer;
}

/** Everything that the simulated Graph can do wrong. */
export const faults = {
  throttled: instead(throttled),
  'throttled-applied': afterwards(throttled),
  unavailable: instead(unavailable),
  'unavailable-bare': instead(({ request }) => intuneError(request, 503, 'ServiceUnavailable', 'Service unavailable')),
  'server-error': instead(serverError),
  'server-error-applied': afterwards(serverError),
  'bad-gateway': instead(() => gatewayPage(502, 'Bad Gateway')),
  'bad-gateway-applied': afterwards(() => gatewayPage(502, 'Bad Gateway')),
  'gateway-timeout': instead(() => gatewayPage(504, 'Gateway Time-out')),
  'gateway-timeout-applied': afterwards(() => gatewayPage(504, 'Gateway Time-out')),
  reset: instead(() => ({ status: 0, headers: {}, delivery: 'reset' })),
  'reset-applied': afterwards(() => ({ status: 0, headers: {}, delivery: 'reset' })),
  stall: instead(() => ({ status: 0, headers: {}, delivery: 'stall' })),
  'stall-applied': afterwards(() => ({ status: 0, headers: {}, delivery: 'stall' })),
  truncated: onSuccess(({ body = {} }) => ({ status: 200, headers: {}, body, delivery: 'truncated' })),
  latency: onSuccess((ordinary) => ordinary),
  'no-content': onSuccess(() => ({ status: 204, headers: {} })),
  accepted: onSuccess(() => ({ status: 202, headers: {} })),
  'accepted-unapplied': { ...onSuccess(() => ({ status: 202, headers: {} })), applies: () => false },
  empty: onSuccess(() => ({ status: 200, headers: {} })),
  wrapped: onSuccess((ordinary) =>
    isEntity(ordinary.body) ? { ...ordinary, body: { value: ordinary.body } } : ordinary,
  ),
  ignored: { ...onSuccess((ordinary) => ordinary), applies: isBatch },
  malformed: onSuccess(() => ({ status: 200, headers: {}, text: '{"id": this is not JSON' })),
  incomplete: onSuccess((ordinary) => ({ ...ordinary, body: withoutValues(ordinary.body) })),
  oversized: onSuccess((ordinary) => {
    const body = typeof ordinary.body === 'object' ? ordinary.body : {};
    return { status: 200, headers: {}, body: { ...body, padding: 'x'.repeat(4 * 1024 * 1024) } };
  }),
  redirect: instead(({ origin }) => ({ status: 302, headers: { Location: `${origin}/beta/redirected` } })),
  rejected: instead(({ request }) => badRequest(request, 'One or more of the values are not acceptable')),
  conflict: instead(({ request }) => conflict(request)),
  'not-found': instead(({ request }) => notFound(request)),
  'route-not-implemented': instead(({ request }) => routeNotImplemented(request)),
  'forbidden-application': instead(({ request }) => forbiddenApplication(request, writeScopes)),
  'forbidden-user': instead(({ request }) => forbiddenUser(request)),
  'token-expired': instead(({ request }) => expired(request)),
  'claims-challenge': instead(({ request, tokens }) => tokens.challenge(request)),
  'approval-required': instead(({ request }) => justificationRequired(request)),
  'approval-pending': instead(({ request, approvals }) => approvals.queue(request)),
  'next-link-loop': onSuccess((ordinary, { origin, request }) => withNextLink(ordinary, `${origin}${request.path}`)),
  'next-link-foreign': onSuccess((ordinary, { request }) =>
    withNextLink(ordinary, `https://graph.example.net${request.path}`),
  ),
  'batch-item-missing': onFirstItem(() => []),
  'batch-item-twice': onFirstItem((own, item) => [own, itemAnswer(item, notFound(item))]),
  'batch-item-foreign': onFirstItem((own) => [{ ...own, id: randomUUID() }]),
  'batch-item-bare': onFirstItem((own) => [{ ...own, status: undefined }]),
} as const satisfies Record<SimulatorFault, Fault>;

function instead(answer: (context: FaultContext) => Answer): Fault {
  return { applies: () => false, answer: (_, context) => answer(context) };
}

function afterwards(answer: (context: FaultContext) => Answer): Fault {
  return { applies: () => true, answer: (_, context) => answer(context) };
}

/** What Graph refuses stays refused: these faults spoil only what would have gone well. */
function onSuccess(answer: Fault['answer']): Fault {
  return {
    applies: () => true,
    answer: (ordinary, context) => (ordinary.status < 300 ? answer(ordinary, context) : ordinary),
  };
}

/** Spoils what a batch answers to its first item, and no other request. */
function onFirstItem(replace: Parameters<typeof replaceFirst>[2]): Fault {
  return onSuccess((ordinary, { request }) => replaceFirst(request, ordinary, replace));
}

function throttled({ request, effect }: FaultContext): Answer {
  return tooManyRequests(request, comeBack(effect));
}

function unavailable({ request, effect }: FaultContext): Answer {
  return intuneError(request, 503, 'ServiceUnavailable', 'The service is temporarily unavailable', comeBack(effect));
}

function comeBack({ retryAfter, delayMs = 1000 }: FaultEffect): IntuneDetails {
  const seconds = Math.ceil(delayMs / 1000);
  const kinds = {
    seconds: { headers: { 'Retry-After': String(seconds) } },
    fractional: { headers: { 'Retry-After': (delayMs / 1000).toFixed(3) } },
    date: { headers: { 'Retry-After': new Date(Date.now() + delayMs).toUTCString() } },
    nested: { retryAfter: seconds },
    none: {},
  } satisfies Record<FaultEffect['retryAfter'], IntuneDetails>;
  return kinds[retryAfter];
}

function serverError({ request }: FaultContext): Answer {
  return intuneError(request, 500, 'InternalServerError', 'An internal server error has occurred', { twice: true });
}

function gatewayPage(status: number, title: string): Answer {
  const page = `<html><head><title>${status} ${title}</title></head><body><h1>${status} ${title}</h1></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html' }, text: page };
}

function isEntity(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && 'id' in body;
}

function isList(body: unknown): body is { readonly value: readonly unknown[] } {
  return typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value);
}

/** Drops what every reader of the entity needs: the counts of a user state and the like of the others. */
function withoutValues(body: unknown): unknown {
  if (isList(body)) return { ...body, value: body.value.map(withoutValues) };
  if (!isEntity(body)) return body;
  const { successDeviceCount: _s, errorDeviceCount: _e, runState: _r, displayName: _d, ...rest } = body;
  return rest;
}

function withNextLink(ordinary: Answer, nextLink: string): Answer {
  return isList(ordinary.body) ? { ...ordinary, body: { ...ordinary.body, '@odata.nextLink': nextLink } } : ordinary;
}
