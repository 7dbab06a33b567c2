import { beforeEach, describe, expect, test } from 'vitest';
import { startMany } from '../support/bulk.js';
import { failure } from '../support/failure.js';
import { type GraphServerResponse, own, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Writes that Graph accepts, and whose values it does not show, or shows differently.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '20000' }));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: 'script' } as const;
const target = { ...script, userStateId: 'script:abc' };
const current = {
  id: target.userStateId,
  successDeviceCount: 2,
  errorDeviceCount: 1,
  userPrincipalName: 'jane@contoso.example',
};
const patch = { successDeviceCount: 5, userPrincipalName: 'John@Contoso.example' };
const userState = { ...patch, errorDeviceCount: 0 };

const notFound = own(404, { error: { code: 'ResourceNotFound', message: 'no such state' } });

/** Sets the response to the write, and those to the reads after it; the last one is repeated. */
function respond(write: GraphServerResponse, ...reads: readonly GraphServerResponse[]): void {
  let count = 0;
  graph.respond(({ method }) =>
    method === 'GET' ? (reads[Math.min(count++, reads.length - 1)] ?? expect.fail('an unexpected read')) : write,
  );
}

const methods = () => graph.received.map(({ method }) => method);
const {
  update,
  create,
  delete: remove,
} = {
  update: () => service.client.scriptUserState.update.mutate({ ...target, patch }),
  create: (id?: string) =>
    service.client.scriptUserState.create.mutate({ ...script, userState: { ...userState, ...(id && { id }) } }),
  delete: () => service.client.scriptUserState.delete.mutate(target),
};
const updated = { ...current, ...patch };

describe('an update', () => {
  test.each<[string, GraphServerResponse]>([
    ['200 with the old values', own(200, current)],
    ['200 with other counts', own(200, { ...current, successDeviceCount: 3 })],
    ['200 without a body', own(200)],
    ['200 with a body that is not JSON', own(200, '{"id":')],
    ['200 with an entity without counts', own(200, { id: current.id })],
    ['204', own(204)],
  ])('that Graph accepts with %s and does not show is not applied', async (_, response) => {
    respond(response, own(200, current));
    expect(await failure(update())).toMatchObject({ reason: 'NOT_APPLIED', httpStatus: 422, current });
    expect(methods()).toEqual(['PATCH', 'GET', 'GET']);
    expect(service.outcomes().at(-1)).toMatchObject({ outcome: 'rejected', reason: 'NOT_APPLIED' });
  });

  test.each<[string, GraphServerResponse]>([
    ['204', own(204)],
    ['200 with the old values', own(200, current)],
  ])('is done if the second read after %s shows it', async (_, response) => {
    respond(response, own(200, current), own(200, updated));
    expect(await update()).toEqual(updated);
    expect(methods()).toEqual(['PATCH', 'GET', 'GET']);
  });

  test('is done if Graph stores the name in lower case', async () => {
    const stored = { ...updated, userPrincipalName: patch.userPrincipalName.toLowerCase() };
    respond(own(200, stored));
    expect(await update()).toEqual(stored);
    respond(own(204), own(200, stored));
    expect(await update()).toEqual(stored);
  });

  test('is done if Graph shows the id in capitals', async () => {
    respond(own(200, { ...updated, id: updated.id.toUpperCase() }));
    expect(await update()).toMatchObject(patch);
    expect(methods()).toEqual(['PATCH']);
  });

  test('is not done if the response is about another state', async () => {
    respond(own(200, { ...updated, id: 'script:other' }), own(200, current));
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  });

  test('is unknown if the reads are about another state', async () => {
    respond(own(204), own(200, { ...updated, id: 'script:other' }));
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(methods()).toEqual(['PATCH', 'GET']);
  });

  test('of a state that does not exist is reported as such, although Graph accepts it', async () => {
    respond(own(204), notFound);
    expect(await failure(update())).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
    expect(methods()).toEqual(['PATCH', 'GET']);
  });

  test('with 202 is unknown, and not sent again', async () => {
    respond(own(202, updated), own(200, current));
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(methods()).toEqual(['PATCH', 'GET', 'GET']);
  });
});

test('many updates that Graph ignores need one PATCH and two reads each', async () => {
  graph.respond(({ path }) => own(200, { ...current, id: decodeURIComponent(path.split('/').at(-1) ?? '') }));
  const updates = Array.from({ length: 100 }, (_, index) => ({ ...target, userStateId: `script:${index}`, patch }));
  const results = await startMany(service, { updates }).finished;
  expect(results.map((result) => result.ok || result.error.data.reason)).toEqual(updates.map(() => 'NOT_APPLIED'));
  expect(methods().filter((method) => method === 'PATCH')).toHaveLength(100);
  expect(methods().filter((method) => method === 'GET')).toHaveLength(200);
});

describe('a create', () => {
  const created = { ...userState, id: 'script:new' };
  const clamped = { ...created, successDeviceCount: 0 };

  test('whose response shows other values is not applied, with the state that Graph has created', async () => {
    respond(own(201, clamped), own(200, clamped));
    expect(await failure(create())).toMatchObject({ reason: 'NOT_APPLIED', current: clamped });
    expect(graph.received.map(({ method, path }) => [method, path.split('/').at(-1)])).toEqual([
      ['POST', 'userRunStates'],
      ['GET', 'script%3Anew'],
      ['GET', 'script%3Anew'],
    ]);
  });

  test('whose values a read shows is done', async () => {
    respond(own(201, clamped), own(200, created));
    expect(await create()).toEqual(created);
    respond(own(201), own(200, created));
    expect(await create(created.id)).toEqual(created);
  });

  test('with an id that cannot be requested is not applied, after a search of the list', async () => {
    const unknown = { ...clamped, id: '../new state' };
    respond(own(201, unknown), own(200, { value: [unknown] }));
    expect(await failure(create())).toMatchObject({ reason: 'NOT_APPLIED', current: unknown });
    expect(methods()).toEqual(['POST', 'GET', 'GET']);
  });

  test('with a name in lower case is done', async () => {
    const stored = { ...created, userPrincipalName: created.userPrincipalName.toLowerCase() };
    respond(own(201, stored));
    expect(await create()).toEqual(stored);
    expect(methods()).toEqual(['POST']);
  });

  test.each<[string, GraphServerResponse]>([
    ['no read finds', own(201)],
    ['has another id than the one in the request', own(201, { ...created, id: 'script:other' })],
  ])('whose state %s is unknown', async (_, response) => {
    respond(response, notFound);
    expect(await failure(create(created.id))).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(methods().filter((method) => method === 'POST')).toHaveLength(1);
  });
});

describe('a delete', () => {
  test.each<[string, GraphServerResponse]>([
    ['204', own(204)],
    ['200', own(200)],
    ['200 with the state', own(200, current)],
  ])('that Graph accepts with %s is done if a read finds no state', async (_, response) => {
    respond(response, notFound);
    expect(await remove()).toEqual({ id: target.userStateId });
    respond(response, own(200, current), notFound);
    expect(await remove()).toEqual({ id: target.userStateId });
  });

  test.each<[string, GraphServerResponse]>([
    ['204', own(204)],
    ['200 with the state', own(200, current)],
  ])('that Graph accepts with %s is not applied if the state is still there', async (_, response) => {
    respond(response, own(200, current));
    expect(await failure(remove())).toMatchObject({ reason: 'NOT_APPLIED', current });
    expect(methods()).toEqual(['DELETE', 'GET', 'GET']);
  });

  test('is done after Graph’s 204 if the state cannot be read', async () => {
    respond(own(204), { status: 404, body: '<html>' });
    expect(await remove()).toEqual({ id: target.userStateId });
  });

  test.each<[string, GraphServerResponse, GraphServerResponse]>([
    ['the 200 page of a portal', { status: 200, body: '<html>' }, { status: 200, body: '<html>' }],
    ['a 204 that is not Graph’s', { status: 204 }, { status: 404, body: '<html>' }],
    ['a 200 about another state', own(200, { ...current, id: 'script:other' }), own(200, current)],
    ['202', own(202), own(200, current)],
    ['200 with an error', own(200, { error: { code: 'InternalError', message: 'no' } }), own(500)],
    ['200 with the state, which cannot be read', own(200, current), own(500)],
  ])('is unknown after %s', async (_, response, read) => {
    respond(response, read);
    expect(await failure(remove())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  });
});
