import { beforeEach, describe, expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { batchOf, batchRequestId, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Responses of proxies, gateways and captive portals. The table of published answers has those to updates.

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: '8d1f' } as const;
const target = { ...script, userStateId: '8d1f:0a1b' };
const patch = { errorDeviceCount: 1 };
const get = () => service.client.scriptUserState.get.query(target);
const update = () => service.client.scriptUserState.update.mutate({ ...target, patch });
const remove = () => service.client.scriptUserState.delete.mutate(target);

const page = (status: number, headers: Readonly<Record<string, string>> = {}): GraphServerResponse => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: `<html><body><h1>${status}</h1>Sign in to the network</body></html>`,
});
const json = (status: number, body: object): GraphServerResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body,
});

const foreign: readonly (readonly [string, GraphServerResponse])[] = [
  ['200 of a captive portal', page(200)],
  ['302 to a captive portal', page(302, { location: 'https://portal.example/sign-in' })],
  ['403 page', page(403)],
  ['403 of a gateway in JSON', json(403, { message: 'Blocked by policy', error: 'forbidden' })],
  ['403 of a gateway in JSON with a number as its code', json(403, { error: { code: 403, message: 'Blocked' } })],
  ['404 page', page(404)],
  ['404 without a body', { status: 404 }],
  ['407 page', page(407, { 'proxy-authenticate': 'Basic realm="proxy"' })],
  ['409 page', page(409)],
  ['412 page', page(412)],
  ['401 page', page(401, { 'www-authenticate': 'Basic realm="proxy"' })],
  ['400 page', page(400)],
];

describe.each(foreign)('a %s', (_, response) => {
  test('is not passed on as the result of a read', async () => {
    graph.respond(() => response);
    const data = await failure(get());
    expect(data).toMatchObject({ reason: 'GRAPH_PROTOCOL' });
    expect(data.message).not.toMatch(/sign in to the network|blocked/i);
    expect(graph.received).toHaveLength(1);
  });

  test('leaves the outcome of a delete unknown', async () => {
    graph.respond(() => response);
    const before = service.outcomes().length;
    expect(await failure(remove())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(service.outcomes().slice(before)).toMatchObject([{ outcome: 'unknown' }]);
  });

  test('is verified by Graph’s own 404 to the read after a delete', async () => {
    graph.respond(({ method }) =>
      method === 'GET' ? json(404, { error: { code: 'ResourceNotFound', message: '' } }) : response,
    );
    expect(await remove()).toEqual({ id: target.userStateId });
  });
});

test('a 5xx page is retried by reads', async () => {
  const state = { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 1, userPrincipalName: null };
  graph.respond(() => (graph.received.length < 3 ? page(502) : json(200, state)));
  expect(await get()).toEqual(state);
});

test('a 5xx page at every attempt leaves the outcome of an update unknown', async () => {
  graph.respond(({ method }) =>
    method === 'GET' ? json(200, { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 0 }) : page(502),
  );
  expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
});

test('a 429 page fails a read with its Retry-After', async () => {
  graph.respond(() => page(429, { 'retry-after': '300' }));
  expect(await failure(get())).toMatchObject({ reason: 'THROTTLED', retryAfterMs: 300_000 });
  expect(graph.received).toHaveLength(1);
});

test.each([
  ['a request-id that a proxy has repeated', page(404, { 'request-id': 'abc, abc' })],
  ['a request-id', page(404, { 'request-id': '6f1c9e55-4b53-4f0e-9d35-8d3f1d9d4a10' })],
  ['an error', json(404, { error: { code: 'ResourceNotFound', message: 'no' } })],
  ['an error of OData 3', json(404, { 'odata.error': { code: '', message: { value: 'no' } } })],
  ['an inner error with an id', json(404, { error: { innererror: { 'request-id': 'abc' } } })],
])('a 404 with %s is Graph’s', async (_, response) => {
  graph.respond(() => response);
  expect(await failure(get())).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
});

describe('a response about another state', () => {
  const other = { id: '8d1f:ffff', successDeviceCount: 0, errorDeviceCount: 1, userPrincipalName: null };
  const withRequestId = { status: 200, headers: { 'request-id': 'abc' }, body: other };

  test('is not the result of a read', async () => {
    graph.respond(() => withRequestId);
    expect(await failure(get())).toMatchObject({ reason: 'GRAPH_PROTOCOL', graph: { requestId: 'abc' } });
  });

  test('is not the result of an update', async () => {
    graph.respond(() => withRequestId);
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  });

  test('is one whose id differs in more than its case', async () => {
    const state = { ...other, id: target.userStateId.toUpperCase() };
    graph.respond(() => ({ ...withRequestId, body: state }));
    expect(await get()).toEqual(state);
    expect(await update()).toEqual(state);
  });
});

describe('in a batch whose responses have no request-id header', () => {
  const calls = () => {
    const client = createBatchClient(service).scriptUserState;
    return ['1', '2'].map((id) => client.update.mutate({ ...script, userStateId: `8d1f:${id}`, patch }));
  };

  test('an update has the request-id of the batch', async () => {
    graph.respond(({ path }) =>
      json(200, { id: decodeURIComponent(path.split('/').at(-1) ?? ''), successDeviceCount: 0, errorDeviceCount: 1 }),
    );
    const before = service.outcomes().length;
    await Promise.all(calls());
    const lines = service.outcomes().slice(before);
    const applied = { outcome: 'applied', graph: { requestId: batchRequestId } };
    expect(lines).toMatchObject([applied, applied]);
  });

  test('a failed update has the request-id of its inner error', async () => {
    graph.respond(() =>
      json(400, { error: { code: 'BadRequest', message: 'no', innererror: { 'request-id': 'abc' } } }),
    );
    for (const call of calls()) expect(await failure(call)).toMatchObject({ graph: { requestId: 'abc' } });
  });

  test('a response without a body is Graph’s', async () => {
    graph.respond(() => ({ status: 404 }));
    for (const call of calls()) expect(await failure(call)).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
  });

  test('a response is not Graph’s if the batch’s is not', async () => {
    graph.respondToBatch((request) => batchOf(request, () => page(404), {}));
    graph.respond(() => page(404));
    for (const call of calls()) expect(await failure(call)).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
  });

  test('an error that is base64 of JSON is read', async () => {
    const body = JSON.stringify({ error: { code: 'BadRequest', message: 'The value is too large' } });
    graph.respond(() => ({ status: 400, body: Buffer.from(body).toString('base64url') }));
    for (const call of calls()) {
      expect(await failure(call)).toMatchObject({
        message: expect.stringMatching(/The value is too large$/) as unknown,
      });
    }
  });

  test('a missing response has the request-id of the batch', async () => {
    graph.respondToBatch(() => ({ status: 200, headers: { 'request-id': batchRequestId }, body: { responses: [] } }));
    graph.respond(() => ({ status: 500 }));
    for (const call of calls()) {
      expect(await failure(call)).toMatchObject({ reason: 'OUTCOME_UNKNOWN', graph: { requestId: batchRequestId } });
    }
  });
});
