import {
  GraphBrowser,
  GraphCollection,
  GraphFI,
  GraphInstance,
  graphDelete,
  graphfi,
  graphPatch,
  graphPost,
  type IGraphCollection,
  type IGraphQueryable,
  type IPagedResult,
  Paged,
} from '@pnp/graph';
// oxlint-disable-next-line import/no-unassigned-import -- adds `batched` to GraphFI
import '@pnp/graph/batching.js';
import type { TimelinePipe } from '@pnp/core';
import { body, HttpRequestError, headers, type IInvokable, type Queryable } from '@pnp/queryable';
import { describe, expect, test } from 'vitest';
import { hosts, type UserState, useTlsSimulator } from '../../support/tls-simulator.js';

const tls = useTlsSimulator();

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const containing = (text: string): unknown => expect.stringContaining(text);

/** The behavior that adds the token, as PnPjs documents custom authentication. */
function SimulatorToken(): TimelinePipe<Queryable> {
  return (instance) => {
    instance.on.auth.replace(async (url, init) => {
      const { token = '' } = (await tls.simulator.credential.getToken('scope')) ?? {};
      return [url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }];
    });
    return instance;
  };
}

declare module '@pnp/graph/fi.js' {
  interface GraphFI {
    // The library's own declaration of this method does not apply to modules resolved as Node does.
    batched(): [GraphFI, () => Promise<void>];
    userStates(): IGraphCollection<UserState[]> & IInvokable<UserState[]>;
    userState(id?: string): IGraphQueryable<UserState> & IInvokable<UserState>;
    deviceStates(): ReturnType<typeof GraphCollection>;
  }
}

// PnPjs extends its root object in this way too.
Object.assign(GraphFI.prototype, {
  userStates(this: GraphFI) {
    return this.create(GraphCollection, tls.statesPath);
  },
  userState(this: GraphFI, id = tls.stateIds[0] ?? '') {
    return this.create(GraphInstance, tls.statePath(id));
  },
  deviceStates(this: GraphFI) {
    return this.create(GraphCollection, `${tls.scriptPath}/deviceRunStates`);
  },
});

const createClient = (host: (typeof hosts)[number] = 'localhost'): GraphFI =>
  graphfi().using(GraphBrowser({ baseUrl: `${tls.origin(host)}/beta` }), SimulatorToken());

/** The error with which a call rejects. */
async function errorOf(call: Promise<unknown>): Promise<HttpRequestError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (!(error instanceof HttpRequestError)) throw new TypeError('the call did not reject with an HttpRequestError');
  return error;
}

describe.each(hosts)('at %s', (host) => {
  test('the async iteration visits every user state once', async () => {
    const ids: string[] = [];
    for await (const page of createClient(host).userStates().select('id').top(60)) {
      ids.push(...page.map(({ id }) => id));
    }
    expect(ids).toEqual(tls.stateIds);
    expect(await tls.received()).toEqual(['GET 200', 'GET 200', 'GET 200']);
  });

  test('a batch resolves each call with its own response', async () => {
    const [batch, execute] = createClient(host).batched();
    const ids = tls.stateIds.slice(0, 25);
    const states = Promise.all(ids.map((id) => batch.userState(id)()));
    await execute();
    expect((await states).map(({ id }) => id)).toEqual(ids);
    // PnPjs sends at most 20 requests in a batch.
    expect((await tls.received()).filter((request) => request === 'POST 200')).toHaveLength(2);
  });
});

test('a page has the number of user states and the link to the next page', async () => {
  const collection = createClient().userStates().top(5).using(Paged(true));
  collection.query.set('$count', 'true');
  const page = await collection<IPagedResult<UserState>>();
  expect(page).toMatchObject({
    count: tls.stateIds.length,
    hasNext: true,
    nextLink: containing(`${tls.origin('localhost')}/beta${tls.statesPath}?`),
  });
  expect(page.value?.map(({ id }) => id)).toEqual(tls.stateIds.slice(0, 5));
});

test('expands the devices of device states', async () => {
  const states = await createClient().deviceStates().expand('managedDevice($select=id,deviceName)').top(1)();
  expect(states).toMatchObject([{ id: aString, managedDevice: { id: aString, deviceName: aString } }]);
});

test('creates, reads, updates and deletes a user state', async () => {
  const client = createClient();
  const draft = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'new@contoso.example' };
  const created = await graphPost<UserState>(client.userStates(), body(draft));
  expect(created).toMatchObject({ ...draft, id: aString });
  const state = () => client.userState(created.id);
  expect(await state()()).toMatchObject(created);
  const patch = { errorDeviceCount: 0 };
  expect(await graphPatch(state(), body(patch))).toMatchObject({ ...created, ...patch });
  await graphDelete(state());
  expect(await errorOf(state()())).toMatchObject({ status: 404 });
});

test('a batch reports writes, deletions and errors for each call', async () => {
  const [first = '', second = ''] = tls.stateIds;
  const [batch, execute] = createClient().batched();
  const calls = Promise.allSettled([
    graphPatch(batch.userState(first), body({ successDeviceCount: 11 })),
    graphDelete(batch.userState(second)),
    batch.userState('unknown')(),
  ]);
  await execute();
  const [updated, deleted, failed] = await calls;
  expect(updated).toMatchObject({ status: 'fulfilled', value: { id: first, successDeviceCount: 11 } });
  expect(deleted.status).toBe('fulfilled');
  expect(failed).toMatchObject({
    status: 'rejected',
    reason: { status: 404, message: containing('ResourceNotFound') },
  });
  expect((await tls.received()).toSorted()).toEqual(['DELETE 204', 'GET 404', 'PATCH 200', 'POST 200']);
});

test('an error has the response of Graph', async () => {
  const error = await errorOf(createClient().userState('unknown')());
  expect(error.status).toBe(404);
  expect(await error.response.json()).toMatchObject({
    error: {
      code: 'ResourceNotFound',
      message: aString,
      innerError: { 'request-id': error.response.headers.get('request-id') },
    },
  });
});

test('files a write for approval and completes it', async () => {
  await tls.simulator.settings({ approval: true });
  const patch = { successDeviceCount: 5 };
  const write = (approval: Record<string, string>) =>
    graphPatch(createClient().userState(), body(patch, headers(approval)));
  const justification = Buffer.from('Correct the count').toString('base64');
  const pending = await errorOf(write({ 'x-msft-approval-justification': justification }));
  expect(pending.status).toBe(412);
  const code = pending.response.headers.get('x-msft-approval-code') ?? '';
  await tls.simulator.approve(code);
  expect(await write({ 'x-msft-approval-code': code })).toMatchObject(patch);
});

test.each(['throttled', 'unavailable'] as const)('sends a request again after %s', async (fault) => {
  await tls.simulator.fault({ fault, delayMs: 0, times: 2 });
  const patch = { successDeviceCount: 6 };
  expect(await graphPatch(createClient().userState(), body(patch))).toMatchObject(patch);
  const status = fault === 'throttled' ? 429 : 503;
  expect(await tls.received()).toEqual([`PATCH ${fault} ${status}`, `PATCH ${fault} ${status}`, 'PATCH 200']);
});
