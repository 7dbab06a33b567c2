import {
  BatchRequestContent,
  type BatchRequestStep,
  type BatchResponseBody,
  BatchResponseContent,
  Client,
  GraphError,
  type PageCollection,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';
import { describe, expect, test } from 'vitest';
import { hosts, type UserState, useTlsSimulator } from '../../support/tls-simulator.js';

const tls = useTlsSimulator();

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const containing = (text: string): unknown => expect.stringContaining(text);

/** Creates Microsoft's client with its default middleware. */
function createClient(host: (typeof hosts)[number] = 'localhost'): Client {
  return Client.initWithMiddleware({
    baseUrl: `${tls.origin(host)}/`,
    defaultVersion: 'beta',
    customHosts: new Set([host]),
    authProvider: new TokenCredentialAuthenticationProvider(tls.simulator.credential, {
      scopes: ['https://graph.microsoft.com/.default'],
    }),
  });
}

const firstState = () => tls.statePath(tls.stateIds[0] ?? '');

/** Sends the requests in one batch and returns the responses. */
async function sendBatch(client: Client, steps: readonly BatchRequestStep[]): Promise<BatchResponseContent> {
  const content = await new BatchRequestContent([...steps]).getContent();
  return new BatchResponseContent((await client.api('/$batch').post(content)) as BatchResponseBody);
}

const stateUrl = (id = tls.stateIds[0] ?? '') => `${tls.origin('localhost')}${tls.statePath(id)}`;

/** The error that a call of the client rejects with. */
async function graphErrorOf(call: Promise<unknown>): Promise<GraphError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (!(error instanceof GraphError)) throw new TypeError('the call did not reject with a GraphError');
  return error;
}

describe.each(hosts)('at %s', (host) => {
  test('the page iterator visits every user state once', async () => {
    const client = createClient(host);
    const firstPage = (await client.api(tls.statesPath).get()) as PageCollection;
    const ids: string[] = [];
    const iterator = new PageIterator(client, firstPage, (state: UserState) => {
      ids.push(state.id);
      return true;
    });
    await iterator.iterate();
    expect(iterator.isComplete()).toBe(true);
    expect(ids).toEqual(tls.stateIds);
    expect(await tls.received()).toEqual(['GET 200', 'GET 200', 'GET 200']);
  });

  test('a batch of independent requests has a response for each', async () => {
    const ids = tls.stateIds.slice(0, 20);
    const steps = ids.map((id) => ({ id, request: new Request(`${tls.origin(host)}${tls.statePath(id)}`) }));
    const responses = await sendBatch(createClient(host), steps);
    for (const id of ids) expect(await responses.getResponseById(id).json()).toMatchObject({ id });
  });
});

test('the page iterator pauses and resumes, and sends the headers with every page', async () => {
  const client = createClient();
  const firstPage = (await client.api(tls.statesPath).top(30).get()) as PageCollection;
  const ids: string[] = [];
  const iterator = new PageIterator(
    client,
    firstPage,
    (state: UserState) => {
      ids.push(state.id);
      return ids.length !== 45;
    },
    { headers: { 'client-request-id': 'each-page' } },
  );
  await iterator.iterate();
  expect([ids.length, iterator.isComplete()]).toEqual([45, false]);
  await iterator.resume();
  expect([ids, iterator.isComplete()]).toEqual([tls.stateIds, true]);
  const sent = await tls.simulator.journal();
  expect(sent.slice(1).map(({ clientRequestId }) => clientRequestId)).toEqual(sent.slice(1).map(() => 'each-page'));
  expect(sent).toHaveLength(5);
});

test('a batch runs dependent requests in order, and none after a failure', async () => {
  const headers = { 'Content-Type': 'application/json' };
  const update = (count: number) =>
    new Request(stateUrl(), { method: 'PATCH', headers, body: JSON.stringify({ successDeviceCount: count }) });
  const responses = await sendBatch(createClient(), [
    { id: 'update', request: update(41) },
    { id: 'read', request: new Request(stateUrl()), dependsOn: ['update'] },
    { id: 'unknown', request: new Request(stateUrl('unknown')), dependsOn: ['read'] },
    { id: 'last', request: update(42), dependsOn: ['unknown'] },
  ]);
  const statuses = [...responses.getResponses()].map(([id, { status }]) => [id, status] as const);
  expect(Object.fromEntries(statuses)).toEqual({ update: 200, read: 200, unknown: 404, last: 424 });
  expect(await responses.getResponseById('read').json()).toMatchObject({ successDeviceCount: 41 });
  expect(await responses.getResponseById('unknown').json()).toMatchObject({
    error: { code: 'ResourceNotFound', innerError: { 'request-id': aString } },
  });
  expect(await tls.received()).toEqual(['POST 200', 'PATCH 200', 'GET 200', 'GET 404', 'PATCH 424']);
});

test('a batch reports a creation, a deletion and a throttled update', async () => {
  const headers = { 'Content-Type': 'application/json' };
  const throttled = { ...headers, 'x-simulator-fault': 'throttled' };
  const statesUrl = `${tls.origin('localhost')}${tls.statesPath}`;
  const responses = await sendBatch(createClient(), [
    { id: '1', request: new Request(statesUrl, { method: 'POST', headers, body: '{"errorDeviceCount":3}' }) },
    { id: '2', request: new Request(stateUrl(), { method: 'DELETE' }) },
    { id: '3', request: new Request(stateUrl(), { method: 'PATCH', headers: throttled, body: '{}' }) },
  ]);
  const [created, deleted, rejected] = ['1', '2', '3'].map((id) => responses.getResponseById(id));
  expect([created?.status, deleted?.status, rejected?.status]).toEqual([201, 204, 429]);
  expect(await created?.json()).toMatchObject({ id: aString, errorDeviceCount: 3 });
  expect(await deleted?.text()).toBe('');
  expect(rejected?.headers.get('retry-after')).toBe('1');
});

test('creates, reads, updates and deletes a user state', async () => {
  const client = createClient();
  const draft = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'new@contoso.example' };
  const created = (await client.api(tls.statesPath).post(draft)) as UserState;
  expect(created).toMatchObject({ ...draft, id: aString });
  const state = client.api(tls.statePath(created.id));
  expect(await state.get()).toMatchObject(created);
  expect(await state.patch({ errorDeviceCount: 0 })).toMatchObject({ ...created, errorDeviceCount: 0 });
  expect(await state.delete()).toBeUndefined();
  expect(await graphErrorOf(state.get())).toMatchObject({ statusCode: 404 });
});

test('shapes responses with query options', async () => {
  const client = createClient();
  const states: unknown = await client
    .api(tls.statesPath)
    .select(['id', 'successDeviceCount'])
    .top(2)
    .count(true)
    .get();
  expect(states).toMatchObject({
    '@odata.count': tls.stateIds.length,
    '@odata.nextLink': containing('$skiptoken='),
    value: tls.stateIds.slice(0, 2).map((id) => ({ id })),
  });
  expect(states).not.toHaveProperty('value.0.errorDeviceCount');

  const devices: unknown = await client
    .api(`${tls.scriptPath}/deviceRunStates`)
    .expand('managedDevice($select=id,deviceName)')
    .top(1)
    .get();
  expect(devices).toMatchObject({ value: [{ managedDevice: { id: aString, deviceName: aString } }] });
  expect(devices).not.toHaveProperty('value.0.managedDevice.osVersion');

  const rejected = await graphErrorOf(client.api(tls.statesPath).filter("id eq '1'").get());
  expect(rejected).toMatchObject({ statusCode: 400, message: containing("'$filter' is not allowed") });
});

test('reports Graph’s error', async () => {
  const error = await graphErrorOf(createClient().api(tls.statePath('unknown')).get());
  expect(error).toMatchObject({ statusCode: 404, code: 'ResourceNotFound', message: aString });
  expect(error.requestId).toBe(error.headers?.get('request-id'));
  expect(JSON.parse(String(error.body))).toMatchObject({ code: error.code, message: error.message });
  expect(error.date.getTime()).not.toBeNaN();
});

test('files a write for approval and completes it', async () => {
  await tls.simulator.settings({ approval: true });
  const patch = { successDeviceCount: 5 };
  const write = (headers: Record<string, string>) => createClient().api(firstState()).headers(headers).patch(patch);
  const justification = Buffer.from('Correct the count').toString('base64');
  const pending = await graphErrorOf(write({ 'x-msft-approval-justification': justification }));
  const code = pending.headers?.get('x-msft-approval-code') ?? '';
  expect(pending.statusCode).toBe(412);
  await tls.simulator.approve(code);
  expect(await write({ 'x-msft-approval-code': code })).toMatchObject(patch);
});

test.each(['throttled', 'unavailable'] as const)('the retry handler sends a request again after %s', async (fault) => {
  await tls.simulator.fault({ fault, delayMs: 0, times: 2 });
  const patch = { successDeviceCount: 6 };
  expect(await createClient().api(firstState()).patch(patch)).toMatchObject(patch);
  const status = fault === 'throttled' ? 429 : 503;
  expect(await tls.received()).toEqual([`PATCH ${fault} ${status}`, `PATCH ${fault} ${status}`, 'PATCH 200']);
});

test('the retry handler accepts a date, and gives up after three retries', async () => {
  await tls.simulator.fault({ fault: 'throttled', retryAfter: 'date', delayMs: 0, times: 'always' });
  const error = await graphErrorOf(createClient().api(firstState()).get());
  expect(error).toMatchObject({ statusCode: 429, code: 'TooManyRequests' });
  expect(error.headers?.get('retry-after')).toContain('GMT');
  expect(await tls.received()).toEqual(Array.from({ length: 4 }, () => 'GET throttled 429'));
});

test('the redirect handler follows a redirect with the token', async () => {
  await tls.simulator.fault({ fault: 'redirect' });
  expect(await createClient().api(firstState()).get()).toMatchObject({ id: tls.stateIds[0] });
  expect(await tls.received()).toEqual(['GET redirect 302', 'GET 200']);
});

test('the redirect handler sends no token to another host', async () => {
  const headers = { Location: `${tls.origin('127.0.0.1')}/beta${firstState()}` };
  await tls.simulator.fault({ fault: 'custom', status: 302, response: { headers } });
  const error = await graphErrorOf(createClient('localhost').api(firstState()).get());
  expect(error).toMatchObject({ statusCode: 401, code: 'InvalidAuthenticationToken' });
  expect(await tls.received()).toEqual(['GET custom 302', 'GET 401']);
});

test('the client sends no token to a host that is not configured', async () => {
  const client = Client.init({
    baseUrl: `${tls.origin('localhost')}/`,
    defaultVersion: 'beta',
    authProvider: (done) => done(null, 'token'),
  });
  expect(await graphErrorOf(client.api(firstState()).get())).toMatchObject({
    statusCode: 401,
    message: 'Access token is empty.',
  });
});
