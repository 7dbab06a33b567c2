import { beforeEach, describe, expect, test } from 'vitest';
import { startMany } from '../support/bulk.js';
import { failure } from '../support/failure.js';
import { type GraphServerResponse, own, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '20000' }));

const target = { scriptKind: 'deviceShellScript', scriptId: 'script', userStateId: 'script:user' } as const;
const patch = { successDeviceCount: 5 };
const initial = {
  id: target.userStateId,
  successDeviceCount: 2,
  errorDeviceCount: 1,
  userPrincipalName: 'jane@contoso.example',
};

let state: typeof initial | undefined;

const notFound = () => own(404, { error: { code: 'ResourceNotFound', message: 'no such state' } });

/** Responds as Graph does. `write` replaces the response to the write, which is then not applied. */
function respond(write?: () => GraphServerResponse): void {
  graph.respond(({ method, body }) => {
    if (state === undefined) return notFound();
    if (method === 'GET') return own(200, state);
    if (write !== undefined) return write();
    if (method === 'DELETE') {
      state = undefined;
      return own(204);
    }
    state = { ...state, ...(JSON.parse(body) as typeof patch) };
    return own(200, state);
  });
}

beforeEach(() => {
  graph.reset();
  state = initial;
  respond();
});

const methods = () => graph.received.map(({ method }) => method);
const update = (expected: object) => service.client.scriptUserState.update.mutate({ ...target, patch, expected });
const remove = (expected: object) => service.client.scriptUserState.delete.mutate({ ...target, expected });

const asExpected: readonly object[] = [
  { successDeviceCount: 2 },
  { errorDeviceCount: 1 },
  { successDeviceCount: 2, errorDeviceCount: 1, userPrincipalName: 'jane@contoso.example' },
  { userPrincipalName: 'Jane@Contoso.example' },
];
const otherwise: readonly object[] = [
  { successDeviceCount: 3 },
  { successDeviceCount: 2, errorDeviceCount: 0 },
  { userPrincipalName: 'john@contoso.example' },
  { userPrincipalName: null },
];

describe('a state with the expected values', () => {
  test.each(asExpected)('%j is updated after one read', async (expected) => {
    expect(await update(expected)).toEqual({ ...initial, ...patch });
    expect(methods()).toEqual(['GET', 'PATCH']);
  });

  test.each(asExpected)('%j is deleted', async (expected) => {
    expect(await remove(expected)).toEqual({ id: target.userStateId });
    expect(methods()).toEqual(['GET', 'DELETE', 'GET']);
  });

  test('may have negative counts and no name', async () => {
    state = { ...initial, errorDeviceCount: -1, userPrincipalName: null as never };
    expect(await update({ errorDeviceCount: -1, userPrincipalName: null })).toMatchObject(patch);
  });
});

describe('a state with other values', () => {
  test.each(otherwise)('%j is not written to: CONFLICT, with the state as it is', async (expected) => {
    for (const call of [update, remove]) {
      graph.reset();
      respond();
      expect(await failure(call(expected))).toMatchObject({ reason: 'CONFLICT', current: initial });
      expect(methods()).toEqual(['GET']);
    }
    const requestIds = { requestId: expect.any(String) as unknown, clientRequestId: expect.any(String) as unknown };
    expect(service.outcomes().at(-1)).toMatchObject({
      outcome: 'rejected',
      reason: 'CONFLICT',
      graph: requestIds,
    });
  });

  test('in an `updateMany` call does not affect the other rows', async () => {
    const row = { ...target, patch };
    const other = { ...row, userStateId: 'script:other' };
    graph.respond(({ method, path }) => {
      const id = decodeURIComponent(path.split('/').at(-1) ?? '');
      return own(200, { ...initial, id, ...(method === 'PATCH' && patch) });
    });
    const updates = [
      { ...row, expected: { successDeviceCount: 9 } },
      { ...other, expected: { successDeviceCount: 2 } },
    ];
    const results = await startMany(service, { updates }).finished;
    expect(results.toSorted((one, next) => one.index - next.index)).toMatchObject([
      { ok: false, error: { data: { reason: 'CONFLICT', current: initial } } },
      { ok: true, userState: { id: 'script:other', ...patch } },
    ]);
    expect(methods().toSorted()).toEqual(['GET', 'GET', 'PATCH']);
  });
});

test('without expected values, nothing is read before the write', async () => {
  await service.client.scriptUserState.update.mutate({ ...target, patch });
  expect(methods()).toEqual(['PATCH']);
});

describe('when the read before the write fails, nothing is sent', () => {
  test.each<[string, GraphServerResponse, string]>([
    ['404', notFound(), 'GRAPH_NOT_FOUND'],
    ['403', own(403, { error: { code: 'Forbidden', message: 'no' } }), 'GRAPH_PERMISSION_MISSING'],
    ['429', { ...own(429), headers: { 'request-id': 'a', 'retry-after': '60' } }, 'THROTTLED'],
    ['500', own(500), 'GRAPH_UNAVAILABLE'],
    ['504', own(504), 'GRAPH_UNAVAILABLE'],
    ['the state of another id', own(200, { ...initial, id: 'script:other' }), 'GRAPH_PROTOCOL'],
    ['the 404 page of a proxy', { status: 404, body: '<html>' }, 'GRAPH_PROTOCOL'],
  ])('%s', async (_, response, reason) => {
    graph.respond(() => response);
    expect(await failure(update({ successDeviceCount: 2 }))).toMatchObject({ reason });
    expect(new Set(methods())).toEqual(new Set(['GET']));
    expect(service.outcomes().at(-1)).toMatchObject({ outcome: 'rejected', reason });
  });
});

describe('a write that failed does not overwrite the change of another writer', () => {
  test.each<[string, number, string]>([
    ['after 500, so that the first attempt can no longer be applied', 500, 'CONFLICT'],
    ['after 504, so that it still can', 504, 'OUTCOME_UNKNOWN'],
  ])('%s', async (_, status, reason) => {
    const changed = { ...initial, successDeviceCount: 8 };
    respond(() => {
      state = changed;
      return own(status);
    });
    expect(await failure(update({ successDeviceCount: 2 }))).toMatchObject({ reason, current: changed });
    expect(methods()).toEqual(['GET', 'PATCH', 'GET']);
  });

  test('after 429, while it waited to be sent again', async () => {
    const changed = { ...initial, successDeviceCount: 8 };
    respond(() => {
      state = changed;
      respond();
      return { ...own(429), headers: { 'request-id': 'a', 'retry-after': '1' } };
    });
    expect(await failure(update({ successDeviceCount: 2 }))).toMatchObject({ reason: 'CONFLICT', current: changed });
    expect(state).toEqual(changed);
    expect(methods().filter((method) => method === 'PATCH')).toHaveLength(1);
  });

  test('but is sent again over the expected values', async () => {
    respond(() => {
      respond();
      return own(500);
    });
    expect(await update({ successDeviceCount: 2 })).toMatchObject(patch);
    expect(methods()).toEqual(['GET', 'PATCH', 'GET', 'PATCH']);
  });
});

test('writes to one state compare in order: the second finds the values of the first', async () => {
  const results = await Promise.allSettled([update({ successDeviceCount: 2 }), update({ successDeviceCount: 2 })]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(methods()).toEqual(['GET', 'PATCH', 'GET']);
});
