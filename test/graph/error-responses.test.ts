import { beforeEach, describe, expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { activityId, graphError, intune, nested, requestId } from '../support/graph-errors.js';
import { batchRequestId, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Errors in forms that are not in the table of published answers: combinations of them, and their kind.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: '8d1f' } as const;
const target = { ...script, userStateId: '8d1f:0a1b' };
const patch = { errorDeviceCount: 1 };
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch });
const get = () => service.client.scriptUserState.get.query(target);

const approvalExists = intune('An active Approval Request already exists for this entity');
const tooLarge = {
  reason: 'GRAPH_REJECTED',
  message: expect.stringMatching(/Graph's message: The value is too large$/) as unknown,
};

/** What an update gets after one request. */
const errors: readonly (readonly [string, GraphServerResponse, object])[] = [
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
  ['a conflict of Intune', graphError(409, 'Conflict', intune('The entity was changed')), { reason: 'CONFLICT' }],
  [
    'no justification, as a 403 with the code of an approval',
    graphError(
      403,
      'ApprovalRequired',
      intune("Header 'x-msft-approval-justification' is required to request approval"),
    ),
    { reason: 'APPROVAL_JUSTIFICATION_REQUIRED', graph: { activityId } },
  ],
  [
    'a change that is queued already, twice nested',
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
    tooLarge,
  ],
  [
    'an inner error with a message that says more',
    graphError(400, 'BadRequest', intune('An error has occurred'), {
      innererror: { message: 'The value is too large' },
    }),
    tooLarge,
  ],
  [
    'a message of OData 3',
    {
      status: 400,
      headers: { 'request-id': requestId },
      body: { 'odata.error': { code: 'BadRequest', message: { lang: 'en-US', value: 'The value is too large' } } },
    },
    tooLarge,
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

test('a queued change has no code if its message has none', async () => {
  graph.respond(() => graphError(409, 'Conflict', approvalExists));
  expect(await failure(update())).not.toHaveProperty('approvalCode');
});

test('a token that is denied is a matter of the token', async () => {
  graph.respond(() => graphError(401, 'InvalidAuthenticationToken', 'Access denied'));
  expect(await failure(get())).toMatchObject({ reason: 'CREDENTIAL_UNAVAILABLE' });
});

test.each([
  ['an ISO 8601 duration in the message', {}, 'PT5M'],
  ['an ISO 8601 duration', { 'retry-after': 'PT5M' }, null],
  ['an ISO 8601 date', { 'retry-after': new Date(Date.now() + 300_000).toISOString() }, null],
  ['a value that a proxy repeats', { 'retry-after': '300, 300' }, null],
])('a Retry-After of %s reaches the caller', async (_, headers, retryAfter) => {
  const response = graphError(429, 'TooManyRequests', intune('Too many requests', { RetryAfter: retryAfter }));
  graph.respond(() => ({ ...response, headers: { ...response.headers, ...headers } }));
  const { reason, retryAfterMs } = await failure(get());
  expect(reason).toBe('THROTTLED');
  expect(Math.abs((retryAfterMs ?? 0) - 300_000)).toBeLessThan(60_000);
});

test.each([
  ['503 that was cancelled', 503, 'ServiceUnavailable', 'The operation was canceled.'],
  ['502 with a time-out in an inner code', 502, 'BadGateway', nested('GatewayTimeout', '')],
])('an update whose responses are a %s may still be applied', async (_, status, code, message) => {
  graph.respond(({ method }) =>
    method === 'GET'
      ? { status: 200, body: { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 0 } }
      : { ...graphError(status, code, message), headers: { 'request-id': requestId, 'retry-after': '0' } },
  );
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN', graph: { requestId } });
  expect(service.lines({ log: 'audit' }).at(-1)).toMatchObject({ outcome: 'unknown', graph: { requestId } });
});
