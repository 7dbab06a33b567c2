import { beforeEach, describe, expect, test } from 'vitest';
import type { RouterOutputs } from '../../src/contract.js';
import { scriptKinds } from '../../src/graph/ids.js';
import { failure } from '../support/failure.js';
import { type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { batches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { liveSettings, type TestService, useService } from '../support/service.js';

type StatesPage = RouterOutputs['scriptUserState']['listForUser'];

/** All pages of a person's states. */
async function allPages({ client }: Pick<TestService, 'client'>, userId: string): Promise<readonly StatesPage[]> {
  const pages: StatesPage[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.scriptUserState.listForUser.query({ userId, cursor });
    pages.push(page);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe('in the simulated tenant', () => {
  // Each test has its own: reading all states of a person takes a sixth of the quota of reads.
  const pair = usePair({ GRAPH_DEADLINE_MS: '20000' }, {}, 'test');
  /** A person who has states for scripts of each kind. */
  const userId = '2df6d696-eac9-41d3-b55e-bbd3d7f4ef74';

  /** A person's states, as the lists of all scripts have them. */
  async function listedStates(): Promise<readonly object[]> {
    const { script, scriptUserState } = pair.service.client;
    const listed: object[] = [];
    for (const scriptKind of scriptKinds) {
      for (const { id: scriptId, displayName: scriptName } of (await script.list.query({ scriptKind })).items) {
        const { items } = await scriptUserState.list.query({ scriptKind, scriptId });
        const own = items.filter(({ id }) => id === `${scriptId}:${userId}`);
        listed.push(...own.map((state) => ({ ...state, scriptKind, scriptId, scriptName })));
      }
    }
    return listed;
  }

  test('a person has the states that the lists of all scripts have', async () => {
    const pages = await allPages(pair.service, userId);
    const items = pages.flatMap((page) => page.items);
    expect(items).toEqual(await listedStates());
    expect(new Set(items.map(({ scriptKind }) => scriptKind))).toEqual(new Set(scriptKinds));
  });

  test('each page is that of the scripts of one kind', async () => {
    const pages = await allPages(pair.service, userId);
    const kinds = pages.map(({ items }) => [...new Set(items.map(({ scriptKind }) => scriptKind))]);
    for (const [index, own] of kinds.entries()) expect([[], [scriptKinds[index]]]).toContainEqual(own);
    expect(pages).toHaveLength(3);
  });

  test('300 scripts are requested in 15 batches of 20', async () => {
    await allPages(pair.service, userId);
    const sent = await batches(pair.simulator);
    expect(sent.map(({ length }) => length)).toEqual(Array(15).fill(20));
    expect(new Set(sent.flat().map(({ path }) => path)).size).toBe(300);
    expect(await pair.simulator.journal()).toHaveLength(3 + 15 + 300);
  });

  test('a person without states has empty pages', async () => {
    expect(await allPages(pair.service, crypto.randomUUID())).toMatchObject([
      { items: [] },
      { items: [] },
      { items: [] },
    ]);
  });

  test('an id in capitals is the same person', async () => {
    const page = await pair.service.client.scriptUserState.listForUser.query({ userId });
    const upper = await pair.service.client.scriptUserState.listForUser.query({ userId: userId.toUpperCase() });
    expect(upper.items.map(({ scriptId }) => scriptId)).toEqual(page.items.map(({ scriptId }) => scriptId));
  });

  test('a cursor is only valid for the same person', async () => {
    const { listForUser } = pair.service.client.scriptUserState;
    const { nextCursor = '' } = await listForUser.query({ userId });
    await pair.simulator.reset();
    expect(await failure(listForUser.query({ userId: crypto.randomUUID(), cursor: nextCursor }))).toMatchObject({
      reason: 'INVALID_INPUT',
      issues: [{ path: ['cursor'] }],
    });
    expect(await pair.simulator.journal()).toEqual([]);
    expect(await listForUser.query({ userId, cursor: nextCursor })).toHaveProperty('items');
  });

  test('pages of scripts are followed where Graph rejects $top', async () => {
    const withTop = (await allPages(pair.service, userId)).flatMap(({ items }) => items);
    await pair.simulator.settings({ acceptTop: false });
    const pages = await allPages(pair.service, userId);
    expect(pages).toHaveLength(6);
    expect(pages.flatMap(({ items }) => items)).toEqual(withTop);
  });

  test('it stops when its caller disconnects', async () => {
    await pair.simulator.fault({ fault: 'unavailable', path: 'userRunStates', times: 'always', delayMs: 10_000 });
    const caller = new AbortController();
    const call = pair.service.client.scriptUserState.listForUser.query({ userId }, { signal: caller.signal });
    const aborted = expect(call).rejects.toThrow();
    await expect.poll(async () => (await pair.simulator.journal()).length).toBe(1 + 5 + 100);
    caller.abort();
    await aborted;
    await expect.poll(() => pair.service.lines({ reason: 'CLIENT_CLOSED' })).toHaveLength(1);
    expect(await pair.simulator.journal()).toHaveLength(1 + 5 + 100);
  });
});

describe('in another Graph', () => {
  const graph = useGraphServer();
  const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '4000' }));
  beforeEach(() => graph.reset());

  const state = (id: string) => ({ id, successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: null });
  const notFound: GraphServerResponse = {
    status: 404,
    body: { error: { code: 'ResourceNotFound', message: 'no such state' } },
  };

  /** One page of the states of `user`: the responses by script. */
  function statesOf(responses: Readonly<Record<string, GraphServerResponse>>): Promise<StatesPage> {
    graph.respond(({ path }) => {
      const [, id] = /userRunStates\/([^/]+):user$/.exec(decodeURIComponent(path)) ?? [];
      if (id !== undefined) return responses[id] ?? notFound;
      return {
        status: 200,
        body: { value: Object.keys(responses).map((each) => ({ id: each, displayName: `Script ${each}` })) },
      };
    });
    return service.client.scriptUserState.listForUser.query({ userId: 'user' });
  }

  const found = (id: string): GraphServerResponse => ({ status: 200, body: state(id) });
  const item = (scriptId: string, id = `${scriptId}:user`) => ({
    ...state(id),
    scriptKind: 'deviceShellScript',
    scriptId,
    scriptName: `Script ${scriptId}`,
  });

  test('a 404 of Graph means that there is no state', async () => {
    const { items } = await statesOf({ a: found('a:user'), b: notFound, c: found('c:user') });
    expect(items).toEqual([item('a'), item('c')]);
  });

  test('Graph may send the id in another case', async () => {
    expect((await statesOf({ a: found('A:USER') })).items).toEqual([item('a', 'A:USER')]);
  });

  test.each<[string, GraphServerResponse]>([
    ['null counts', { status: 200, body: { ...state('b:user'), successDeviceCount: null, '@odata.type': 'x' } }],
    ['no body', { status: 204 }],
  ])('a state with %s is left out and counted', async (_, response) => {
    expect(await statesOf({ a: found('a:user'), b: response })).toMatchObject({ items: [item('a')], unreadable: 1 });
  });

  test('a script whose id cannot be sent is left out and counted', async () => {
    expect(await statesOf({ 'a/b': notFound, b: found('b:user') })).toMatchObject({
      items: [item('b')],
      unreadable: 1,
    });
    expect(graph.received).toHaveLength(2);
  });

  const page = '<html>Not here</html>';
  test.each<[string, GraphServerResponse, string]>([
    ['a 404 that is not Graph’s', { status: 404, body: page }, 'GRAPH_PROTOCOL'],
    ['a 404 of a server with other JSON', { status: 404, body: { message: 'no' } }, 'GRAPH_PROTOCOL'],
    ['a 200 that is not Graph’s', { status: 200, body: page }, 'GRAPH_PROTOCOL'],
    ['the state of another person', found('a:other'), 'GRAPH_PROTOCOL'],
    ['a 403', { status: 403, body: { error: { code: 'Forbidden', message: 'no' } } }, 'GRAPH_PERMISSION_MISSING'],
    ['a 500', { status: 500, body: { error: { code: 'InternalServerError', message: '' } } }, 'GRAPH_UNAVAILABLE'],
  ])('%s does not mean that there is no state: it fails the call', async (_, response, reason) => {
    // A single request is sent by itself, so that the response has no ids of a batch.
    expect(await failure(statesOf({ a: response }))).toMatchObject({ reason });
  });
});
