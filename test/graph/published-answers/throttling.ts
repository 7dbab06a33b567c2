import { graphError, intuneText } from '../../support/graph-responses.js';
import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, type PublishedAnswer } from './published-answer.js';
import { saved, stored } from './responses.js';

const throttlingPage = 'Microsoft Learn: graph/throttling';
const rfc = 'RFC 9110, section 10.2.3';
const intune = 'almenscorner/IntuneCD#217';
const dayMs = 86_400_000;

/** @param retryAfter in Intune's own text, not in a header */
function throttled(headers: Readonly<Record<string, string>> = {}, retryAfter: unknown = null): ScriptedResponse {
  return graphError(429, 'TooManyRequests', intuneText('An error has occurred', retryAfter), headers);
}

const unavailable = (retryAfter: string) =>
  graphError(503, 'ServiceNotAvailable', 'The service is temporarily unavailable.', { 'retry-after': retryAfter });

/** A response that delays the update, which Graph then accepts. */
function delayed(name: string, source: string, response: ScriptedResponse): PublishedAnswer {
  return {
    name: `${name}, then 200`,
    source,
    responses: [response, saved],
    sent: 'PATCH PATCH',
    result: { userState: after },
    audited: 'applied',
    get: { sent: 'GET GET', result: { userState: after } },
  };
}

/** A response with a wait beyond the deadline: the state is read, since Graph has applied such updates. */
function tooLong(name: string, source: string, response: ScriptedResponse, retryAfterMs: number): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: 'PATCH GET',
    result: { reason: 'THROTTLED', retryAfterMs },
    audited: 'rejected',
    get: { sent: 'GET', result: { reason: 'THROTTLED', retryAfterMs } },
  };
}

/** The forms of 429, and of 503 with `Retry-After`. */
export const throttling: readonly PublishedAnswer[] = [
  delayed('429 without a wait', throttlingPage, throttled({ 'retry-after': '0' })),
  delayed(
    '429 with a fraction of a second',
    'microsoftgraph/microsoft-graph-docs-contrib#2024, microsoft/dotnet#955',
    throttled({ 'retry-after': '0.064' }),
  ),
  delayed('429 with a date', rfc, throttled({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' })),
  delayed('429 with a number in the message', intune, throttled({}, 0)),
  delayed('429 with a time span in the message', intune, throttled({}, '00:00:00.0640000')),
  delayed('429 with a date in the message', intune, throttled({}, '2015-10-21T07:28:00+00:00')),
  delayed('429 that does not say when', intune, throttled()),
  delayed('503 with Retry-After', throttlingPage, unavailable('0')),
  delayed(
    '509 with Retry-After',
    'Microsoft Learn: graph/errors',
    graphError(509, 'BandwidthLimitExceeded', 'The bandwidth limit is exceeded.', { 'retry-after': '0' }),
  ),
  tooLong('429 for two minutes', throttlingPage, throttled({ 'retry-after': '120' }), 120_000),
  tooLong('429 for two minutes and a fraction', throttlingPage, throttled({ 'retry-after': '120.128' }), 120_128),
  tooLong('429 until a date', rfc, throttled({ 'retry-after': 'Fri, 31 Dec 2100 23:59:59 GMT' }), dayMs),
  tooLong('429 for a number of seconds in the message', intune, throttled({}, 120), 120_000),
  tooLong('429 for a text of seconds in the message', intune, throttled({}, '120'), 120_000),
  tooLong('429 for a time span in the message', intune, throttled({}, '00:02:00'), 120_000),
  tooLong('429 for a time span with a fraction in the message', intune, throttled({}, '00:02:00.1280000'), 120_128),
  tooLong('429 for a time span of days in the message', intune, throttled({}, '1.00:00:00'), dayMs),
  tooLong('429 until a date in the message', intune, throttled({}, '2100-12-31T23:59:59+00:00'), dayMs),
  tooLong('429 for an ISO 8601 duration in the message', 'ISO 8601-1:2019, 5.5.2', throttled({}, 'PT2M'), 120_000),
  tooLong('429 for an ISO 8601 duration', 'ISO 8601-1:2019, 5.5.2', throttled({ 'retry-after': 'PT2M' }), 120_000),
  tooLong('429 until an ISO 8601 date', intune, throttled({ 'retry-after': '2100-12-31T23:59:59Z' }), dayMs),
  tooLong('429 whose header is repeated', 'RFC 9110, section 5.3', throttled({ 'retry-after': '120, 120' }), 120_000),
  tooLong('429 whose header and message differ', intune, throttled({ 'retry-after': '120' }, '00:00:01'), 120_000),
  {
    name: '429 to an update that was applied all the same',
    source: throttlingPage,
    responses: [stored(throttled({ 'retry-after': '120' }))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '429, and the read is throttled too',
    source: throttlingPage,
    responses: [throttled({ 'retry-after': '120' })],
    reads: [throttled({ 'retry-after': '240' })],
    sent: 'PATCH GET',
    result: { reason: 'THROTTLED', retryAfterMs: 120_000 },
    audited: 'unknown',
  },
  {
    name: '503 for two minutes',
    source: throttlingPage,
    responses: [unavailable('120')],
    sent: 'PATCH GET',
    result: { reason: 'GRAPH_UNAVAILABLE', retryAfterMs: 120_000 },
    audited: 'rejected',
    get: { sent: 'GET', result: { reason: 'GRAPH_UNAVAILABLE', retryAfterMs: 120_000 } },
  },
];
