import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '4000' }));
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: 'script' } as const;
const state = (id: string) => ({ id, successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: null });
const list = (cursor?: string) => service.client.scriptUserState.list.query({ ...script, cursor });

/** Responds with these pages of a list, one after the other. */
function respondWithPages(...pages: readonly (readonly unknown[])[]): void {
  graph.respond(({ path }) => {
    const page = Number(new URL(path, graph.baseUrl).searchParams.get('page') ?? '0');
    const next = `${graph.baseUrl}/deviceManagement/deviceShellScripts?page=${page + 1}`;
    return {
      status: 200,
      body: { value: pages[page], ...(page + 1 < pages.length && { '@odata.nextLink': next }) },
    };
  });
}

/** The ids on each page of the list. */
async function idsOfPages(): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await list(cursor);
    pages.push(items.map(({ id }) => id));
    cursor = nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe('an entry in an unknown form is left out and counted:', () => {
  test.each<[string, unknown]>([
    ['without an id', { ...state('x'), id: undefined }],
    ['with an empty id', state('')],
    ['with a null count', { ...state('x'), successDeviceCount: null }],
    ['without a count', { ...state('x'), errorDeviceCount: undefined }],
    ['with a text as a count', { ...state('x'), errorDeviceCount: '1' }],
    ['with a fraction as a count', { ...state('x'), errorDeviceCount: 0.5 }],
    ['with an object as a name', { ...state('x'), userPrincipalName: {} }],
    ['that is null', null],
    ['that is a text', 'x'],
    ['that is a list', [state('x')]],
    ['that is an error', { error: { code: 'BadRequest', message: 'no' } }],
  ])('one %s', async (_, entry) => {
    respondWithPages([state('a'), entry, state('b')]);
    expect(await list()).toEqual({ items: [state('a'), state('b')], unreadable: 1 });
    expect(service.lines({ msg: 'entries of a list have an unknown form' }).at(-1)).toMatchObject({
      level: 40,
      list: 'deviceShellScript/userRunStates',
      unreadable: 1,
    });
  });

  test('each page has its own count', async () => {
    respondWithPages([null, null, state('a')], [state('b')], [null]);
    const first = await list();
    const second = await list(first.nextCursor);
    const third = await list(second.nextCursor);
    expect([first, second, third]).toMatchObject([
      { items: [{ id: 'a' }], unreadable: 2 },
      { items: [{ id: 'b' }] },
      { items: [], unreadable: 1 },
    ]);
    expect(second).not.toHaveProperty('unreadable');
  });

  test('in the lists of scripts and device states as well', async () => {
    const { client } = service;
    respondWithPages([{ id: 7 }]);
    expect(await client.script.list.query({ scriptKind: 'deviceShellScript' })).toEqual({ items: [], unreadable: 1 });
    expect(await client.script.overview.query({ scriptKind: 'deviceShellScript' })).toEqual({
      items: [],
      unreadable: 1,
    });
    expect(await client.deviceRunState.listForScript.query(script)).toEqual({ items: [], unreadable: 1 });
  });

  test('an unreadable device does not affect its device state', async () => {
    const managedDevice = { id: 'd', deviceName: 'MAC-1', operatingSystem: 'macOS', osVersion: '15.1' };
    const owner = { userId: 'u', userPrincipalName: 'anna@contoso.example' };
    const noOwner = { userId: null, userPrincipalName: null };
    respondWithPages([
      {
        id: 'a',
        runState: 'Success',
        managedDevice: { ...managedDevice, ...owner, lastSyncDateTime: '2026-01-01T00:00:00Z' },
      },
      { id: 'b', managedDevice },
      { id: 'c', managedDevice: { deviceName: 'without an id' } },
      { id: 'd', managedDevice: null },
      { id: 'e' },
    ]);
    const { items, ...page } = await service.client.deviceRunState.list.query({ ...script, userStateId: 'x' });
    expect(page).toEqual({});
    expect(items[0]).toEqual({
      id: 'a',
      runState: 'success',
      resultMessage: null,
      lastStateUpdateDateTime: null,
      errorCode: null,
      errorDescription: null,
      device: { ...managedDevice, ...owner, lastSyncDateTime: '2026-01-01T00:00:00Z' },
    });
    expect(items.slice(1).map(({ device }) => device)).toEqual([
      { ...managedDevice, ...noOwner, lastSyncDateTime: null },
      null,
      null,
      null,
    ]);
  });
});

test('long texts are truncated to 2,000 characters, without splitting one', async () => {
  const long = `${'x'.repeat(1_998)}\u{1F600}${'y'.repeat(200_000)}`;
  const truncated = `${'x'.repeat(1_998)}…`;
  const { client } = service;
  respondWithPages([{ id: 'a', displayName: long, description: long, fileName: 'x'.repeat(2_000) }]);
  const { items: scripts } = await client.script.list.query({ scriptKind: 'deviceShellScript' });
  expect(scripts).toMatchObject([{ displayName: truncated, description: truncated, fileName: 'x'.repeat(2_000) }]);
  const managedDevice = { id: 'd', deviceName: long };
  respondWithPages([{ id: 'a', runState: long, resultMessage: long, errorDescription: long, managedDevice }]);
  const { items: states } = await client.deviceRunState.listForScript.query(script);
  expect(states).toMatchObject([
    { runState: truncated, resultMessage: truncated, errorDescription: truncated, device: { deviceName: truncated } },
  ]);
});

test.each([
  ['no list', { value: {} }],
  ['no value', { '@odata.context': 'x' }],
  ['a next link that is no text', { value: [], '@odata.nextLink': 7 }],
])('a response with %s is not a page', async (_, body) => {
  graph.respond(() => ({ status: 200, headers: { 'request-id': crypto.randomUUID() }, body }));
  expect(await failure(list())).toMatchObject({ reason: 'GRAPH_PROTOCOL' });
});

test.each([null, ''])('a page whose next link is %j is the last one', async (link) => {
  graph.respond(() => ({ status: 200, body: { value: [state('script:1')], '@odata.nextLink': link } }));
  expect(await list()).toEqual({ items: [state('script:1')] });
});

describe('a repeated id is one entry', () => {
  const states = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => state(`script:${from + index}`));

  test('on one page', async () => {
    respondWithPages([state('a'), state('b'), { ...state('a'), successDeviceCount: 9 }]);
    expect(await list()).toEqual({ items: [state('a'), state('b')] });
  });

  test('in capitals', async () => {
    respondWithPages([state('a:ä'), state('A:Ä')], [state('A:ä'), state('b')]);
    expect(await idsOfPages()).toEqual([['a:ä'], ['b']]);
  });

  test('on the page after it', async () => {
    respondWithPages([state('a'), state('b')], [state('b'), state('c')], [state('c'), state('a'), state('d')]);
    expect(await idsOfPages()).toEqual([['a', 'b'], ['c'], ['d']]);
  });

  test('also if it is one of the last 256 of long pages', async () => {
    respondWithPages(states(0, 1000), states(744, 1000), states(1488, 300));
    const pages = await idsOfPages();
    expect(pages.map(({ length }) => length)).toEqual([1000, 744, 44]);
    expect(pages.flat()).toEqual(states(0, 1788).map(({ id }) => id));
  });

  test('while the cursor stays short enough for a URL', async () => {
    respondWithPages(...Array.from({ length: 8 }, (_, page) => states(page * 1000, 1000)));
    let cursor: string | undefined;
    for (let page = 0; page < 7; page++) ({ nextCursor: cursor } = await list(cursor));
    expect(cursor?.length).toBeLessThan(4_000);
  });
});

test.each([
  ['a user name and password', 'user:password@'],
  ['a user name', 'user@'],
  ['an empty user name and a password', ':password@'],
])('a next link with %s is not followed', async (_, userInfo) => {
  const link = `${graph.baseUrl.replace('://', `://${userInfo}`)}/deviceManagement/deviceShellScripts?page=1`;
  graph.respond(() => ({ status: 200, body: { value: [state('a')], '@odata.nextLink': link } }));
  expect(await failure(list())).toMatchObject({ reason: 'GRAPH_PROTOCOL' });
  expect(graph.received).toHaveLength(1);
});
