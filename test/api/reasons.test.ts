import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import type { Authenticate } from '../../src/auth/principal.js';
import type { Role } from '../../src/auth/user.js';
import type { AppRouter, Reason } from '../../src/contract.js';
import { createErrorTriggers, type ErrorTrigger, overload } from '../support/error-triggers.js';
import { usePair } from '../support/pair.js';
import { canaryToken } from '../support/service.js';
import { useKnownState } from '../support/states.js';

// Most of these calls fail at their deadline.
const pair = usePair({ GRAPH_DEADLINE_MS: '3000' });
const known = useKnownState(pair);

const { get, update, faulty, configured, served } = createErrorTriggers(pair, known);

const guid: unknown = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const ids = { graph: { requestId: guid, clientRequestId: guid, activityId: guid } };
const sentIds = { graph: { clientRequestId: guid } };

const personWith = (...roles: readonly Role[]): Authenticate => {
  const principal = { user: { oid: 'somebody', name: 'Somebody', roles }, expiresAt: null };
  return async () => principal;
};

const oidc = {
  SIGN_IN: 'oidc',
  OIDC_ISSUER: 'https://login.example/tenant',
  OIDC_CLIENT_ID: 'client',
  OIDC_CLIENT_SECRET: 'a client secret',
  SESSION_SECRET: 'x'.repeat(32),
};
const unreachable = { GRAPH_BASE_URL: 'http://127.0.0.1:9/beta' };

type Row = readonly [code: string, httpStatus: number, triggers: readonly ErrorTrigger[]];

/** The contract's table of errors. The compiler reports a missing reason. */
const rows = {
  INVALID_INPUT: [
    'BAD_REQUEST',
    400,
    [
      {
        when: 'an id is invalid',
        data: { issues: [{ path: ['scriptId'], message: expect.any(String) as unknown }] },
        call: () => get(pair.service.client, { scriptId: '../x' }),
      },
      {
        when: 'a cursor is made up',
        data: { issues: [{ path: ['cursor'], message: expect.any(String) as unknown }] },
        call: () => pair.service.client.script.list.query({ scriptKind: 'deviceShellScript', cursor: 'made-up' }),
      },
    ],
  ],
  REQUEST_REFUSED: [
    'FORBIDDEN',
    403,
    [
      {
        when: 'x-csrf is missing',
        call: () =>
          get(createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${pair.service.address}/trpc` })] })),
      },
    ],
  ],
  SIGN_IN_REQUIRED: [
    'UNAUTHORIZED',
    401,
    [configured('a read has no session', oidc, get), configured('an update has no session', oidc, update)],
  ],
  ROLE_MISSING: [
    'FORBIDDEN',
    403,
    [
      served('a reader updates', personWith('reader'), update),
      served('a user without roles reads', personWith(), get),
      served('a user without roles updates', personWith(), update),
    ],
  ],
  GRAPH_NOT_FOUND: [
    'NOT_FOUND',
    404,
    [
      { when: 'a script is unknown', data: ids, call: () => get(pair.service.client, { scriptId: 'nothing' }) },
      { when: 'a state is unknown', data: ids, call: () => update(pair.service.client, { userStateId: 'nothing' }) },
      ...faulty('not-found', ids),
    ],
  ],
  GRAPH_REJECTED: ['UNPROCESSABLE_CONTENT', 422, faulty('rejected', ids)],
  NOT_APPLIED: [
    'UNPROCESSABLE_CONTENT',
    422,
    faulty('ignored', { current: expect.any(Object) as unknown }, { method: 'PATCH' }),
  ],
  GRAPH_ROUTE_NOT_IMPLEMENTED: [
    'NOT_IMPLEMENTED',
    501,
    faulty('route-not-implemented', { graph: { requestId: guid, clientRequestId: guid } }),
  ],
  GRAPH_PERMISSION_MISSING: [
    'FORBIDDEN',
    403,
    [
      ...faulty('forbidden-application', {
        ...ids,
        missingPermissions: ['DeviceManagementScripts.ReadWrite.All', 'DeviceManagementConfiguration.ReadWrite.All'],
      }),
      ...faulty('forbidden-user', ids),
    ],
  ],
  APPROVAL_JUSTIFICATION_REQUIRED: [
    'PRECONDITION_REQUIRED',
    428,
    faulty('approval-required', ids, { method: 'PATCH' }),
  ],
  APPROVAL_PENDING: [
    'PRECONDITION_FAILED',
    412,
    faulty('approval-pending', { ...ids, approvalCode: guid }, { method: 'PATCH' }),
  ],
  CONFLICT: [
    'CONFLICT',
    409,
    [
      {
        when: 'a state exists already',
        data: ids,
        call: () =>
          pair.service.client.scriptUserState.create.mutate({
            scriptKind: known.target.scriptKind,
            scriptId: known.target.scriptId,
            userState: { ...known.state, userPrincipalName: 'new@contoso.example' },
          }),
      },
      {
        when: 'a state does not have the expected values',
        data: { current: expect.any(Object) as unknown },
        call: () => update(pair.service.client, { expected: { successDeviceCount: -1 } }),
      },
      ...faulty('conflict', ids),
    ],
  ],
  THROTTLED: ['TOO_MANY_REQUESTS', 429, faulty('throttled', { ...ids, retryAfterMs: 17_000 }, { delayMs: 17_000 })],
  CREDENTIAL_UNAVAILABLE: [
    'SERVICE_UNAVAILABLE',
    503,
    [
      configured('Graph rejects the token of a read', {}, get),
      configured('Graph rejects the token of an update', {}, update),
      ...faulty('token-expired', { graph: { requestId: guid, clientRequestId: guid } }),
    ],
  ],
  GRAPH_UNAVAILABLE: [
    'SERVICE_UNAVAILABLE',
    503,
    [
      configured('a read cannot connect', unreachable, get),
      configured('an update cannot connect', unreachable, update),
      ...faulty('unavailable', { ...ids, retryAfterMs: 17_000 }, { delayMs: 17_000 }),
      ...faulty('server-error', ids),
      ...faulty('bad-gateway', { graph: { requestId: guid, clientRequestId: guid } }),
      ...faulty('reset', sentIds, { method: 'GET' }),
    ],
  ],
  GRAPH_TIMEOUT: ['GATEWAY_TIMEOUT', 504, faulty('stall', sentIds, { method: 'GET' })],
  OUTCOME_UNKNOWN: [
    'GATEWAY_TIMEOUT',
    504,
    [
      ...faulty('stall', sentIds, { method: 'PATCH' }),
      ...faulty('reset', sentIds, { method: 'PATCH' }),
      ...faulty('accepted-unapplied', {}, { method: 'PATCH' }),
    ],
  ],
  GRAPH_PROTOCOL: [
    'BAD_GATEWAY',
    502,
    [
      ...faulty('redirect', { graph: { requestId: guid, clientRequestId: guid } }),
      ...(['malformed', 'incomplete', 'empty', 'oversized'] as const).flatMap((fault) =>
        faulty(fault, {}, { method: 'GET' }),
      ),
    ],
  ],
  OVERLOADED: [
    'SERVICE_UNAVAILABLE',
    503,
    [{ when: 'more than 1000 calls of one user are in flight', data: { retryAfterMs: 1000 }, call: overload }],
  ],
  AUDIT_UNAVAILABLE: [
    'SERVICE_UNAVAILABLE',
    503,
    [
      {
        ...configured(
          'the audit trail cannot be written',
          { GRAPH_ACCESS_TOKEN: canaryToken, AUDIT_LOG: '/dev/full' },
          update,
        ),
        data: { retryAfterMs: 1000 },
      },
    ],
  ],
  CLIENT_CLOSED: 'there is no client to receive the response; tested with the log',
  INTERNAL: [
    'INTERNAL_SERVER_ERROR',
    500,
    [served('a component throws an unexpected error', () => Promise.reject(new Error('a defect')), get)],
  ],
} as const satisfies Record<Reason, Row | string>;

const answered = Object.entries(rows).flatMap(([reason, row]: [string, Row | string]) =>
  typeof row === 'string' ? [] : [[reason, ...row] as const],
);

describe.each(answered)('%s is %s, %i', (reason, code, httpStatus, triggers) => {
  test.each(triggers)('when $when', async ({ call, data = {} }) => {
    const error: unknown = await call().catch((thrown: unknown) => thrown);
    if (!(error instanceof TRPCClientError)) throw new Error(`not a TRPCClientError: ${JSON.stringify(error)}`);
    const response = error.meta?.['response'];
    if (!(response instanceof Response)) throw error;
    const extras = {
      retryAfterMs: undefined,
      approvalCode: undefined,
      missingPermissions: undefined,
      issues: undefined,
    };
    expect({ ...extras, ...(error.data as object), message: error.message }).toMatchObject({
      ...extras,
      code,
      httpStatus,
      reason,
      requestId: response.headers.get('x-request-id'),
      ...data,
    });
    expect(error.data).not.toHaveProperty('stack');
    expect([httpStatus, 207]).toContain(response.status);
  });
});
