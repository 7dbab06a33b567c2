import { beforeEach, expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import { batchOf, batchRequestId, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

// Responses in a batch in other forms than the documented one.

const graph = useGraphServer();
const service = useService(() => liveSettings(graph));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: '8d1f' } as const;
const patch = { errorDeviceCount: 1 };
const update = () => {
  const client = createBatchClient(service).scriptUserState;
  return Promise.all(['1', '2'].map((id) => client.update.mutate({ ...script, userStateId: `8d1f:${id}`, patch })));
};
const updated = ['1', '2'].map((id) => ({
  id: `8d1f:${id}`,
  successDeviceCount: 0,
  ...patch,
  userPrincipalName: null,
}));

interface BatchResponse {
  readonly responses: readonly { readonly id: string; readonly status: number }[];
}

beforeEach(() =>
  graph.respond(({ path }) => ({
    status: 200,
    body: updated.find(({ id }) => path.endsWith(encodeURIComponent(id))) ?? {},
  })),
);

/** Changes each response in a batch. */
function change(form: (response: BatchResponse['responses'][number]) => object): void {
  graph.respondToBatch((request) => {
    const batch = batchOf(request, ({ path }) => ({
      status: 200,
      body: updated.find(({ id }) => path.endsWith(encodeURIComponent(id))) ?? {},
    }));
    return { ...batch, body: { responses: (batch.body as BatchResponse).responses.map(form) } };
  });
}

test.each<[string, (response: BatchResponse['responses'][number]) => object]>([
  ['a number as its id', (response) => ({ ...response, id: Number(response.id) })],
  ['a text as its status', (response) => ({ ...response, status: String(response.status) })],
  ['a list of headers', (response) => ({ ...response, headers: [] })],
  ['headers without values', (response) => ({ ...response, headers: { 'request-id': null, 'retry-after': {} } })],
  ['a list as the value of a header', (response) => ({ ...response, headers: { 'Content-Type': ['text/plain'] } })],
])('a response with %s is read', async (_, form) => {
  change(form);
  const before = service.outcomes().length;
  expect(await update()).toEqual(updated);
  const applied = { outcome: 'applied', graph: { requestId: batchRequestId } };
  expect(service.outcomes().slice(before)).toMatchObject([applied, applied]);
  expect(graph.received).toHaveLength(0);
});

test.each<[string, unknown]>([
  ['a fraction', 200.5],
  ['a text with more than a number', '200 OK'],
  ['too low', 0],
])('a status that is %s is no response', async (_, status) => {
  change((response) => ({ ...response, status }));
  // The reads after it get the same.
  await expect(update()).rejects.toMatchObject({ data: { reason: 'OUTCOME_UNKNOWN' } });
});

test('after 405, the requests of a batch are sent by themselves', async () => {
  const body = { error: { code: 'MethodNotAllowed', message: 'There are no batches here.' } };
  graph.respondToBatch((): GraphServerResponse => ({ status: 405, headers: { 'request-id': batchRequestId }, body }));
  expect(await update()).toEqual(updated);
  expect(graph.received.map(({ method }) => method)).toEqual(['PATCH', 'PATCH']);
});
