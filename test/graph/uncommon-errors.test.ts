import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { intuneText } from '../support/graph-responses.js';
import { type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Errors that say the same as the published ones in other words, or with another status.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const target = { scriptKind: 'deviceShellScript', scriptId: '8d1f', userStateId: '8d1f:0a1b' } as const;
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 1 } });
const current = { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 0, userPrincipalName: null };

const requestId = '6f1c9e55-4b53-4f0e-9d35-8d3f1d9d4a10';
const graphError = (status: number, code: string, message: string): GraphServerResponse => ({
  status,
  headers: { 'request-id': requestId },
  body: { error: { code, message } },
});
const approvalCode = '6dc2cd1e-5d4a-4a3f-9d43-0d9ad8d8a3b1';
const unauthorized = (message: string) => graphError(401, 'Unauthorized', intuneText(message));
const forbidden = (status: number) =>
  graphError(status, 'UnknownError', JSON.stringify({ ErrorCode: 'Forbidden', Message: intuneText('No access') }));

describe.each<[string, readonly (readonly [string, GraphServerResponse])[]]>([
  [
    'GRAPH_PERMISSION_MISSING',
    [
      ['a nested Forbidden with 400', forbidden(400)],
      ['a nested Forbidden with 404', forbidden(404)],
      ['a nested Forbidden with 409', forbidden(409)],
      ['a nested Forbidden with 500', forbidden(500)],
      ['"not allowed" with 401', unauthorized('The user is not allowed to perform the requested operation')],
      ['"not permitted" with 401', unauthorized('User is not permitted to perform this action')],
      ['"permission denied" with 401', unauthorized('Permission denied')],
      ['an exception with 401', unauthorized('Exception of type ForbiddenException was thrown')],
    ],
  ],
  [
    'CREDENTIAL_UNAVAILABLE',
    [['an expired token in other words', graphError(401, 'ExpiredAuthenticationToken', 'Access is denied')]],
  ],
  [
    'GRAPH_ROUTE_NOT_IMPLEMENTED',
    [
      [
        'a missing licence',
        graphError(400, 'BadRequest', intuneText('The tenant does not have a valid Intune license')),
      ],
      ['a tenant that is not licensed', graphError(403, 'Forbidden', 'Tenant is not licensed for this feature')],
      ['a missing premium licence', graphError(403, 'RequestFromNonPremiumTenant', 'No premium license')],
      ['402', graphError(402, 'PaymentRequired', 'The payment requirements for the API have not been met')],
      ['an unknown method', graphError(400, 'BadRequest', "The resource does not support http method 'PATCH'.")],
      ['an unknown address', graphError(404, 'UnknownError', 'No HTTP resource was found that matches the URI')],
      ['an unknown version', graphError(400, 'UnsupportedApiVersion', 'The API version is not supported')],
    ],
  ],
  [
    'APPROVAL_JUSTIFICATION_REQUIRED',
    [
      [
        'a demand for a justification',
        graphError(400, 'BadRequest', intuneText('A business justification is required')),
      ],
      ['a missing justification', graphError(403, 'Forbidden', 'Provide a justification for this request')],
    ],
  ],
  [
    'APPROVAL_PENDING',
    [
      ['423 for a queued change', graphError(423, 'Locked', 'An approval request for this entity exists')],
      ['an approval that is not completed', graphError(409, 'Conflict', 'The approval is not yet completed')],
    ],
  ],
  [
    'CONFLICT',
    [
      ['an approval that is completed', graphError(409, 'Conflict', 'The approval request is already completed')],
      ['423 for another reason', graphError(423, 'Locked', 'Another operation has locked the resource')],
      ['a lock that was not obtained', graphError(409, 'Conflict', 'Lock request time out period exceeded')],
    ],
  ],
])('%s is the reason of', (reason, errors) => {
  test.each(errors)('%s, after one request', async (_, response) => {
    graph.respond(() => response);
    expect(await failure(update())).toMatchObject({ reason, graph: { requestId } });
    expect(graph.received.map(({ method }) => method)).toEqual(['PATCH']);
  });
});

test.each([`{${approvalCode}}`, `"${approvalCode}"`, `${approvalCode}, ${approvalCode}`])(
  'the approval code of the header %s is without its punctuation',
  async (header) => {
    graph.respond(() => ({ status: 412, headers: { 'x-msft-approval-code': header } }));
    expect(await failure(update())).toMatchObject({ reason: 'APPROVAL_PENDING', approvalCode });
  },
);

test.each<[string, GraphServerResponse]>([
  ['502 after a lost connection', graphError(502, 'BadGateway', 'upstream connect error or disconnect/reset')],
  [
    '500 after a closed connection',
    graphError(500, 'InternalServerError', intuneText('An existing connection was forcibly closed by the remote host')),
  ],
  ['500 of a request on the way', graphError(500, 'InternalServerError', 'Error while sending the request.')],
  ['503 while the request is processed', graphError(503, 'ServiceUnavailable', 'It is still being processed')],
  ['503 that took too long', graphError(503, 'ServiceUnavailable', 'The request took too long')],
  ['400 that timed out', graphError(400, 'UnknownError', intuneText('The operation has timed out.'))],
  [
    '400 with the phrase of a time-out',
    graphError(400, 'BadRequest', intuneText('no', null, 'CancelledOnServiceTimeout')),
  ],
])('an update whose responses are a %s may still be applied', async (_, response) => {
  graph.respond(({ method }) => (method === 'GET' ? { status: 200, body: current } : response));
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN', current });
  expect(service.outcomes().at(-1)).toMatchObject({ outcome: 'unknown' });
});
