import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { useFixture } from '../support/fixture.js';
import { type GraphServerRequest, type GraphServerResponse, useGraphServer } from '../support/graph-server.js';
import { liveSettings, startTestService } from '../support/service.js';

// Graph accepts `$top` and `$expand` for some lists of some tenants. The service remembers what Graph rejects until it
// stops, so each test has its own service.

const graph = useGraphServer();
const service = useFixture(
  () => startTestService({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '8000' }),
  (started) => started.stop(),
  'test',
);
beforeEach(() => graph.reset());

const script = { scriptKind: 'deviceShellScript', scriptId: 'script' } as const;
const target = { ...script, userStateId: 'script:user' };
const states = () => service.client.scriptUserState.list.query(script);
const devices = () => service.client.deviceRunState.list.query(target);

const deviceFields = 'id,deviceName,operatingSystem,osVersion,lastSyncDateTime,userId,userPrincipalName';
const expand = `$expand=managedDevice($select=${deviceFields})`;
const scripts = '/beta/deviceManagement/deviceShellScripts';

const error = (status: number, message: string, code = 'BadRequest'): GraphServerResponse => ({
  status,
  body: { error: { code, message } },
});
const emptyPage: GraphServerResponse = { status: 200, body: { value: [] } };

/** Rejects the requests whose query contains one of the texts. */
const reject =
  (response: GraphServerResponse, ...texts: readonly string[]) =>
  ({ path }: GraphServerRequest) =>
    texts.some((text) => path.includes(text)) ? response : emptyPage;

/** Returns the queries of the requests since the last call. */
function queries(): readonly string[] {
  const sent = graph.received.map(({ path }) => path.split('?')[1] ?? '');
  graph.reset();
  return sent;
}

test('each list is requested with the options that suit it', async () => {
  graph.respond(() => emptyPage);
  await service.client.script.list.query({ scriptKind: 'deviceShellScript' });
  await service.client.script.overview.query({ scriptKind: 'deviceShellScript' });
  await states();
  await devices();
  await service.client.deviceRunState.listForScript.query(script);
  expect(graph.received.map(({ path }) => path)).toEqual([
    `${scripts}?$top=100`,
    `${scripts}?$top=100`,
    `${scripts}/script/userRunStates?$top=1000`,
    `${scripts}/script/userRunStates/script%3Auser/deviceRunStates?$top=200&${expand}`,
    `${scripts}/script/deviceRunStates?$top=200&${expand}`,
  ]);
});

describe('$top', () => {
  test.each([
    ['400', error(400, "The query option '$top' is not supported.")],
    ['400 as an unknown route', error(400, 'No OData route exists that match template http://x with http verb GET')],
    ['501', error(501, 'not implemented', 'NotImplemented')],
    ['405', error(405, 'not allowed')],
  ])('is left out where Graph rejects it with %s, and in later requests', async (_, rejection) => {
    graph.respond(reject(rejection, '$top'));
    expect(await states()).toEqual({ items: [] });
    expect(queries()).toEqual(['$top=1000', '']);
    graph.respond(reject(rejection, '$top'));
    expect(await service.client.scriptUserState.list.query({ ...script, scriptId: 'another' })).toEqual({ items: [] });
    expect(queries()).toEqual(['']);
    // Another kind of list may accept it.
    graph.respond(reject(rejection, '$top'));
    await service.client.scriptUserState.list.query({ ...script, scriptKind: 'deviceManagementScript' });
    expect(queries()).toEqual(['$top=1000', '']);
  });

  test.each([
    ['does not offer the list either', error(400, 'No method match route template'), 'GRAPH_ROUTE_NOT_IMPLEMENTED'],
    ['rejects the list too', error(400, 'no'), 'GRAPH_REJECTED'],
  ])('is tried again if Graph %s', async (_, rejection, reason) => {
    for (let calls = 0; calls < 2; calls++) {
      graph.respond(() => rejection);
      expect(await failure(states())).toMatchObject({ reason });
      expect(queries()).toEqual(['$top=1000', '']);
    }
  });

  test.each([
    ['missing script', error(404, 'no such script', 'ResourceNotFound'), 'GRAPH_NOT_FOUND', 1],
    ['missing permission', error(403, 'no', 'Forbidden'), 'GRAPH_PERMISSION_MISSING', 1],
    ['server error', error(500, 'broken', 'InternalServerError'), 'GRAPH_UNAVAILABLE', 3],
    ["proxy's page", { status: 400, body: '<html>no</html>' }, 'GRAPH_PROTOCOL', 1],
  ])('is not the cause of a %s', async (_, response, reason, requests) => {
    graph.respond(() => response);
    expect(await failure(states())).toMatchObject({ reason });
    expect(queries()).toEqual(Array(requests).fill('$top=1000'));
  });

  test('is left out if the page would be too long, and tried again for another script', async () => {
    const state = { id: 'x', successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: null };
    const long = { status: 200, body: { value: [{ ...state, more: 'x'.repeat(4 * 1024 * 1024) }] } };
    const respond = ({ path }: GraphServerRequest) =>
      path.includes('$top') && path.includes('/script/') ? long : { status: 200, body: { value: [state] } };
    graph.respond(respond);
    expect(await states()).toEqual({ items: [state] });
    expect(queries()).toEqual(['$top=1000', '']);
    graph.respond(respond);
    await service.client.scriptUserState.list.query({ ...script, scriptId: 'short' });
    expect(queries()).toEqual(['$top=1000']);
  });

  test('is left to the links of further pages', async () => {
    const link = `${graph.baseUrl}/deviceManagement/deviceShellScripts/script/userRunStates?$skiptoken=2`;
    graph.respond(() => ({ status: 200, body: { value: [], '@odata.nextLink': link } }));
    const { nextCursor = '' } = await states();
    graph.reset();
    graph.respond(() => error(400, 'no'));
    const next = service.client.scriptUserState.list.query({ ...script, cursor: nextCursor });
    expect(await failure(next)).toMatchObject({ reason: 'GRAPH_REJECTED' });
    expect(queries()).toEqual(['$skiptoken=2']);
  });
});

describe('$expand', () => {
  test.each([
    ['400', error(400, 'Property managedDevice cannot be expanded.')],
    ['400 as an unknown segment', error(400, "Resource not found for the segment 'managedDevice'.")],
    ['501', error(501, 'not implemented', 'NotImplemented')],
  ])('is left out where Graph rejects it with %s, and in later requests', async (_, rejection) => {
    graph.respond(reject(rejection, '$expand'));
    expect(await devices()).toEqual({ items: [] });
    expect(queries()).toEqual([`$top=200&${expand}`, '$top=200']);
    graph.respond(reject(rejection, '$expand'));
    await devices();
    expect(queries()).toEqual(['$top=200']);
  });

  test('is kept where Graph rejects only $top', async () => {
    graph.respond(reject(error(400, 'no $top'), '$top'));
    await devices();
    expect(queries()).toEqual([`$top=200&${expand}`, '$top=200', expand]);
    graph.respond(reject(error(400, 'no $top'), '$top'));
    await devices();
    expect(queries()).toEqual([expand]);
  });

  test('is left out with $top where Graph rejects both', async () => {
    graph.respond(reject(error(400, 'no options'), '$top', '$expand'));
    await devices();
    expect(queries()).toEqual([`$top=200&${expand}`, '$top=200', expand, '']);
    graph.respond(reject(error(400, 'no options'), '$top', '$expand'));
    await devices();
    expect(queries()).toEqual(['']);
  });

  test('is left out for a caller who may not read devices, and tried again in the next call', async () => {
    const message = 'Application must have one of the following scopes: DeviceManagementManagedDevices.Read.All';
    for (let calls = 0; calls < 2; calls++) {
      graph.respond(reject(error(403, message, 'Forbidden'), '$expand'));
      expect(await devices()).toEqual({ items: [] });
      expect(queries()).toEqual([`$top=200&${expand}`, '$top=200']);
    }
  });

  test('is left out where a device is missing, and tried again with the next call', async () => {
    for (let calls = 0; calls < 2; calls++) {
      graph.respond(reject(error(404, 'no such device', 'ResourceNotFound'), '$expand'));
      expect(await devices()).toEqual({ items: [] });
      expect(queries()).toEqual([`$top=200&${expand}`, '$top=200']);
    }
  });

  test('is not tried twice for a caller who may not read device states either', async () => {
    graph.respond(() => error(403, 'no', 'Forbidden'));
    expect(await failure(devices())).toMatchObject({ reason: 'GRAPH_PERMISSION_MISSING' });
    expect(queries()).toEqual([`$top=200&${expand}`, '$top=200']);
  });
});
