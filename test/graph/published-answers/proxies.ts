import type { ScriptedResponse } from '../../support/scripted-graph.js';
import { after, before, type PublishedAnswer } from './published-answer.js';
import { graphResponse, proxyJson, proxyPage, saved, shows, stored } from './responses.js';

/** A response that is no evidence: the state is read, the update is sent once more, and its outcome is unknown. */
function noEvidence(
  name: string,
  source: string,
  response: ScriptedResponse,
  get?: PublishedAnswer['get'],
): PublishedAnswer {
  return {
    name,
    source,
    responses: [response],
    sent: /^PATCH( GET){1,2} PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
    get: get ?? { sent: 'GET', result: { reason: 'GRAPH_PROTOCOL' } },
  };
}

const failingRead = { sent: 'GET GET GET', result: { reason: 'GRAPH_UNAVAILABLE' } } as const;
const signInPage = proxyPage(200, 'Sign in to Guest Wi-Fi');

/** Responses of servers between the service and Graph. None of them is evidence. */
export const proxies: readonly PublishedAnswer[] = [
  noEvidence('the page of a captive portal', 'RFC 8952, section 1', signInPage),
  noEvidence(
    'the JSON of a captive portal',
    'RFC 8908, section 5',
    proxyJson(200, { captive: true, 'user-portal-url': 'https://portal.example/login', 'seconds-remaining': 0 }),
  ),
  noEvidence(
    'the redirect of a captive portal',
    'RFC 8952, section 1',
    proxyPage(302, 'Found', { location: 'http://portal.example/login' }),
  ),
  noEvidence(
    '401 of a proxy',
    'nginx: ngx_http_auth_basic_module',
    proxyPage(401, 'Authorization Required', { 'www-authenticate': 'Basic realm="proxy"' }),
  ),
  noEvidence('403 of a proxy', 'squid: ERR_ACCESS_DENIED', proxyPage(403, 'Access Denied')),
  noEvidence(
    '403 of an application firewall in JSON',
    'Amazon API Gateway: MISSING_AUTHENTICATION_TOKEN',
    proxyJson(403, { message: 'Missing Authentication Token' }),
  ),
  noEvidence('400 of a proxy', 'nginx: error pages', proxyPage(400, 'Request Header Or Cookie Too Large')),
  noEvidence(
    '403 of a web filter that asks for an approval',
    'squid: ERR_ACCESS_DENIED',
    proxyPage(403, 'Approval Required'),
  ),
  noEvidence('403 of a proxy without a body', 'RFC 9110, section 15.5.4', {
    ...proxyPage(403, '', { 'x-request-id': 'c0ffee00-0000-4000-8000-000000000000', via: '1.1 proxy' }),
    body: '',
  }),
  noEvidence(
    '403 in JSON whose error is a text',
    'RFC 6749, section 5.2',
    proxyJson(403, { error: 'access_denied', error_description: 'The policy does not allow this site.' }),
  ),
  noEvidence(
    '403 in JSON whose code is a number',
    'Google JSON style guide: error.code',
    proxyJson(403, { error: { code: 403, message: 'Access denied by policy', status: 'PERMISSION_DENIED' } }),
  ),
  noEvidence(
    '401 of an API gateway in JSON',
    'Azure API Management: missing subscription key',
    proxyJson(401, { statusCode: 401, message: 'Access denied due to missing subscription key.' }),
  ),
  noEvidence('404 of a proxy', 'nginx: error pages', proxyPage(404, 'Not Found')),
  noEvidence('405 of a proxy', 'nginx: error pages', proxyPage(405, 'Not Allowed')),
  noEvidence('409 of a proxy', 'squid: ERR_CONFLICT_HOST', proxyPage(409, 'Conflict')),
  noEvidence('412 of a proxy', 'nginx: error pages', proxyPage(412, 'Precondition Failed')),
  noEvidence('413 of a proxy', 'nginx: error pages', proxyPage(413, 'Request Entity Too Large')),
  noEvidence('423 of a proxy', 'RFC 4918, section 11.3', proxyPage(423, 'Locked')),
  noEvidence(
    '404 of an API gateway in JSON',
    'Kong Gateway: no Route matched',
    proxyJson(404, { message: 'no Route matched with those values' }),
  ),
  noEvidence(
    '407 of a proxy',
    'RFC 9110, section 15.5.8',
    proxyPage(407, 'Proxy Authentication Required', { 'proxy-authenticate': 'Negotiate' }),
  ),
  noEvidence('500 of a proxy', 'nginx: error pages', proxyPage(500, 'Internal Server Error'), failingRead),
  noEvidence('501 of a proxy', 'squid: ERR_UNSUP_REQ', proxyPage(501, 'Not Implemented'), failingRead),
  noEvidence(
    '511 of a captive portal',
    'RFC 6585, section 6',
    proxyPage(511, 'Network Authentication Required'),
    failingRead,
  ),
  noEvidence('502 of a gateway', 'Azure Application Gateway: 502', proxyPage(502, 'Bad Gateway'), failingRead),
  noEvidence('503 of a gateway', 'nginx: error pages', proxyPage(503, 'Service Unavailable'), failingRead),
  noEvidence('504 of a gateway', 'nginx: error pages', proxyPage(504, 'Gateway Time-out'), failingRead),
  noEvidence('204 of a captive portal', 'RFC 8952, section 1', { ...proxyPage(204, ''), body: '' }),
  {
    name: 'the page of a captive portal, then Graph',
    source: 'RFC 8952, section 1',
    responses: [signInPage, saved],
    sent: /^PATCH( GET){1,2} PATCH$/,
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '502 of a gateway after Graph has applied the update',
    source: 'Azure Application Gateway: 502',
    responses: [stored(proxyPage(502, 'Bad Gateway'))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '404 of a proxy after Graph has applied the update',
    source: 'nginx: error pages',
    responses: [stored(proxyPage(404, 'Not Found'))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '502 of a gateway, and a page of a proxy to the read',
    source: 'Azure Application Gateway: 502',
    responses: [proxyPage(502, 'Bad Gateway')],
    reads: [proxyPage(403, 'Access Denied')],
    sent: 'PATCH GET',
    result: { reason: 'OUTCOME_UNKNOWN' },
    audited: 'unknown',
  },
  {
    name: '204 of Graph, and 404 of a proxy to the read',
    source: 'nginx: error pages',
    responses: [graphResponse(204, '')],
    reads: [proxyPage(404, 'Not Found')],
    sent: /^PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN' },
    audited: 'unknown',
  },
  {
    name: '200 of Graph with the old values, and the page of a captive portal to the read',
    source: 'RFC 8952, section 1',
    responses: [shows(before)],
    reads: [signInPage],
    sent: /^PATCH( GET){1,2}$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
  },
  {
    name: '429 of a gateway with Retry-After, then Graph',
    source: 'RFC 6585, section 4',
    responses: [proxyPage(429, 'Too Many Requests', { 'retry-after': '0' }), saved],
    sent: /^PATCH( GET)? PATCH$/,
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '429 of a gateway for two minutes',
    source: 'RFC 6585, section 4',
    responses: [proxyPage(429, 'Too Many Requests', { 'retry-after': '120' })],
    // A second PATCH is possible, but gets no slot in updateMany: bulk updates pause for as long as the gateway says.
    sent: /^PATCH GET( PATCH)?( GET)?$/,
    result: { reason: 'OUTCOME_UNKNOWN', current: before },
    audited: 'unknown',
    get: { sent: 'GET', result: { reason: 'THROTTLED', retryAfterMs: 120_000 } },
  },
  {
    name: '429 of a gateway for two minutes after Graph has applied the update',
    source: 'RFC 6585, section 4',
    responses: [stored(proxyPage(429, 'Too Many Requests', { 'retry-after': '120' }))],
    sent: 'PATCH GET',
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: '503 of a gateway with Retry-After, then Graph',
    source: 'RFC 9110, section 15.6.4',
    responses: [proxyPage(503, 'Service Unavailable', { 'retry-after': '0' }), saved],
    sent: /^PATCH( GET)? PATCH$/,
    result: { userState: after },
    audited: 'applied',
  },
  {
    name: 'the page of a captive portal to the read of the values that the caller expects',
    source: 'RFC 8952, section 1',
    input: { expected: { successDeviceCount: 2 } },
    responses: [saved],
    reads: [signInPage],
    sent: 'GET',
    result: { reason: 'GRAPH_PROTOCOL' },
    audited: 'rejected',
  },
];
