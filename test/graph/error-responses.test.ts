import { beforeEach, describe, expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { activityId, graphError, intune, nested, requestId } from '../support/graph-errors.js';
import { batchRequestId, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Errors in forms that were observed in Graph and Intune.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: '8d1f' } as const;
const target = { ...script, userStateId: '8d1f:0a1b' };
const patch = { errorDeviceCount: 1 };
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch });
const get = () => service.client.scriptUserState.get.query(target);

const approvalCode = '6dc2cd1e-5d4a-4a3f-9d43-0d9ad8d8a3b1';
const intuneChallenge = {
  HttpHeaders: JSON.stringify({ 'WWW-Authenticate': 'Bearer realm="urn:intune:service,1,2"' }),
};
const justificationMissing = intune("Header 'x-msft-approval-justification' is required to request approval");
const approvalRequired =
  'Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code response ' +
  `header. x-msft-approval-code: ${approvalCode}`;
const approvalExists = intune('An active Approval Request already exists for this entity');

/** How an update fails after one request. */
const errors: readonly (readonly [string, GraphServerResponse, object])[] = [
  [
    'a missing Intune role, as a 401',
    graphError(401, 'UnknownError', nested('Forbidden', intune('An error has occurred', intuneChallenge))),
    { reason: 'GRAPH_PERMISSION_MISSING', graph: { requestId, activityId } },
  ],
  [
    'an unauthorized user, as a 401',
    graphError(401, 'Unauthorized', intune('User is not authorized to perform this operation')),
    { reason: 'GRAPH_PERMISSION_MISSING' },
  ],
  ['a bare forbidden, as a 401', graphError(401, 'Forbidden', ''), { reason: 'GRAPH_PERMISSION_MISSING' }],
  [
    'missing permissions, as a 401',
    graphError(
      401,
      'UnknownError',
      nested(
        'Forbidden',
        intune(
          'Application is not authorized. Application must have one of the following scopes: A.Read.All, B.Read.All',
        ),
      ),
    ),
    { reason: 'GRAPH_PERMISSION_MISSING', missingPermissions: ['A.Read.All', 'B.Read.All'] },
  ],
  [
    'a tenant without Intune',
    graphError(400, 'BadRequest', 'Request not applicable to target tenant.'),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ],
  [
    'an unknown segment',
    graphError(400, 'BadRequest', "Resource not found for the segment 'userRunStates'."),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ],
  [
    'an unknown segment, as a 404',
    graphError(404, 'ResourceNotFound', intune("Resource not found for the segment 'userRunStates'.")),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ],
  [
    'no route, in the code only',
    graphError(400, 'No method match route template', ''),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ],
  [
    'no version in the URL',
    graphError(400, 'BadRequest', 'Invalid version: deviceManagement'),
    { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' },
  ],
  ['405', graphError(405, 'MethodNotAllowed', 'not allowed'), { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' }],
  ['501', graphError(501, 'NotImplemented', 'not implemented'), { reason: 'GRAPH_ROUTE_NOT_IMPLEMENTED' }],
  [
    'a locked entity',
    graphError(423, 'ResourceLocked', intune('The resource is locked by another operation')),
    { reason: 'CONFLICT', message: expect.stringMatching(/Graph's message: The resource is locked/) as unknown },
  ],
  [
    'a condition that is not met',
    graphError(412, 'ConditionNotMet', 'The condition is not met'),
    { reason: 'CONFLICT' },
  ],
  ['a bare 412', { status: 412, headers: { 'request-id': requestId } }, { reason: 'CONFLICT' }],
  ['a conflict', graphError(409, 'Conflict', intune('The entity was changed')), { reason: 'CONFLICT' }],
  [
    'no justification',
    graphError(400, 'BadRequest', justificationMissing),
    { reason: 'APPROVAL_JUSTIFICATION_REQUIRED' },
  ],
  [
    'no justification, as a 403 with the code of an approval',
    graphError(403, 'ApprovalRequired', justificationMissing),
    { reason: 'APPROVAL_JUSTIFICATION_REQUIRED', graph: { activityId } },
  ],
  [
    'a filed change',
    graphError(412, 'BadRequest', intune(approvalRequired)),
    { reason: 'APPROVAL_PENDING', approvalCode },
  ],
  [
    'a filed change, as a 403',
    graphError(403, 'ApprovalRequired', approvalRequired),
    { reason: 'APPROVAL_PENDING', approvalCode },
  ],
  [
    'a filed change without a code',
    graphError(403, 'Forbidden', intune('Approval Required')),
    { reason: 'APPROVAL_PENDING' },
  ],
  ['a change that is already filed', graphError(409, 'Conflict', approvalExists), { reason: 'APPROVAL_PENDING' }],
  [
    'a change that is already filed, twice nested',
    graphError(409, 'UnknownError', nested('Conflict', approvalExists)),
    { reason: 'APPROVAL_PENDING' },
  ],
  [
    'an approval that was rejected',
    graphError(409, 'Conflict', intune('The approval request was rejected')),
    { reason: 'CONFLICT' },
  ],
  [
    'an inner error with the message',
    graphError(400, 'BadRequest', '', { message: 'The value is too large' }),
    { reason: 'GRAPH_REJECTED', message: expect.stringMatching(/Graph's message: The value is too large$/) as unknown },
  ],
  [
    'an inner error with a message that says more',
    graphError(400, 'BadRequest', intune('An error has occurred'), {
      innererror: { message: 'The value is too large' },
    }),
    { reason: 'GRAPH_REJECTED', message: expect.stringMatching(/Graph's message: The value is too large$/) as unknown },
  ],
  [
    'a message of OData 3',
    {
      status: 400,
      headers: { 'request-id': requestId },
      body: { 'odata.error': { code: 'BadRequest', message: { lang: 'en-US', value: 'The value is too large' } } },
    },
    { reason: 'GRAPH_REJECTED', message: expect.stringMatching(/Graph's message: The value is too large$/) as unknown },
  ],
];

describe.each(errors)('%s', (_, response, expected) => {
  test('ends an update after one request', async () => {
    graph.respond(() => response);
    const data = await failure(update());
    expect(data).toMatchObject(expected);
    expect(data.graph?.requestId).toBe(requestId);
    expect(data.message).not.toContain('msuc02');
    expect(graph.received.map(({ method }) => method)).toEqual(['PATCH']);
  });

  test('ends an update in a batch after one request', async () => {
    const { status, body } = response;
    graph.respond(() => (body === undefined ? { status } : { status, body }));
    const client = createBatchClient(service).scriptUserState;
    const calls = ['1', '2'].map((id) => client.update.mutate({ ...script, userStateId: `8d1f:${id}`, patch }));
    const failures = await Promise.all(calls.map((call) => failure(call)));
    for (const data of failures) {
      expect(data).toMatchObject(expected);
      // Only errors with a body repeat their own id.
      expect([requestId, batchRequestId]).toContain(data.graph?.requestId);
    }
    expect(graph.received.map(({ method }) => method)).toEqual(['PATCH', 'PATCH']);
  });
});

test('a filed change has no code if its message has none', async () => {
  graph.respond(() => graphError(409, 'Conflict', approvalExists));
  expect(await failure(update())).not.toHaveProperty('approvalCode');
});

test.each<[string, GraphServerResponse, number]>([
  ['an expired token', graphError(401, 'InvalidAuthenticationToken', 'Access token has expired'), 2],
  ['a token that is denied', graphError(401, 'InvalidAuthenticationToken', 'Access denied'), 2],
  [
    'a challenge without a body',
    { status: 401, headers: { 'www-authenticate': 'Bearer realm="", authorization_uri="https://x.example"' } },
    2,
  ],
])('%s is a matter of the token', async (_, response) => {
  graph.respond(() => response);
  expect(await failure(get())).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
});

test.each([
  ['the number 1', 1],
  ['"1"', '1'],
  ['a time span', '00:00:01'],
  ['a time span with days', '0.00:00:01'],
  ['a time span with a fraction', '00:00:01.0000000'],
  ['an ISO 8601 duration', 'PT1S'],
])('an update waits for a nested RetryAfter of %s', async (_, retryAfter) => {
  const startedAt = performance.now();
  graph.respond(() => {
    const isFirst = graph.received.length === 1;
    return isFirst
      ? graphError(429, 'TooManyRequests', intune('Too many requests', { RetryAfter: retryAfter }))
      : { status: 200, body: { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 1 } };
  });
  expect(await get()).toHaveProperty('errorDeviceCount', 1);
  expect(graph.received).toHaveLength(2);
  expect(performance.now() - startedAt).toBeGreaterThan(950);
});

test.each([
  ['a time span', '00:05:00', 300_000],
  ['an HTTP date', new Date(Date.now() + 300_000).toUTCString(), 300_000],
  ['an ISO 8601 date', new Date(Date.now() + 300_000).toISOString(), 300_000],
  ['an ISO 8601 duration', 'PT5M', 300_000],
  ['a value that a proxy repeats', '300, 300', 300_000],
])('a Retry-After of %s reaches the caller', async (_, retryAfter, waitMs) => {
  graph.respond(() => ({ status: 429, headers: { 'retry-after': retryAfter, 'request-id': requestId } }));
  const { reason, retryAfterMs } = await failure(get());
  expect(reason).toBe('THROTTLED');
  expect(Math.abs((retryAfterMs ?? 0) - waitMs)).toBeLessThan(60_000);
});

test.each([
  ['503 CancelledOnServiceTimeout', 503, 'CancelledOnServiceTimeout', 'ScenarioTimeout=15000ms'],
  ['503 that was cancelled', 503, 'ServiceUnavailable', 'The operation was canceled.'],
  ['500 with a time-out', 500, 'InternalServerError', 'The request timed out'],
  ['502 with a time-out in an inner code', 502, 'BadGateway', nested('GatewayTimeout', '')],
  ['504', 504, 'UnknownError', ''],
  ['408', 408, 'RequestTimeout', ''],
])('an update whose responses are a %s may still be applied', async (_, status, code, message) => {
  graph.respond(({ method }) =>
    method === 'GET'
      ? { status: 200, body: { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 0 } }
      : { ...graphError(status, code, message), headers: { 'request-id': requestId, 'retry-after': '0' } },
  );
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN', graph: { requestId } });
  expect(service.outcomes().at(-1)).toMatchObject({ outcome: 'unknown', graph: { requestId } });
});

test('503 with a phrase of a time-out only may still be applied', async () => {
  const message = intune('An error has occurred', { CustomApiErrorPhrase: 'CancelOnTimeout4EndExecuteAction' });
  graph.respond(({ method }) =>
    method === 'GET'
      ? { status: 200, body: { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 0 } }
      : graphError(503, 'ServiceUnavailable', message),
  );
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
});
