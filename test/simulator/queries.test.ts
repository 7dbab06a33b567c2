import { describe, expect, test } from 'vitest';
import { graphError, list, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control } = simulated;

// Vitest types its matchers as any.
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const aNumber: unknown = expect.any(Number);

const deviceProperties = ['id', 'deviceName', 'operatingSystem', 'osVersion', 'lastSyncDateTime'] as const;
const expandDevice = `$expand=managedDevice($select=${deviceProperties.join(',')})`;
const collections = ['deviceShellScripts', 'deviceManagementScripts', 'deviceCustomAttributeShellScripts'] as const;

const read = async (path: string) => list.parse((await graph(path)).json);

describe('device states', () => {
  const deviceStates = () => `/deviceManagement/deviceShellScripts/${simulated.scriptId}/deviceRunStates`;

  test('of a script are those of all its user states, with their devices', async () => {
    const { value } = await read(`${deviceStates()}?$top=1000&${expandDevice}`);
    const userStates = await read(`${simulated.statesPath}?$top=1000`);
    const perUser = await Promise.all(
      userStates.value.slice(0, 10).map(({ id }) => read(`${simulated.statesPath}/${id}/deviceRunStates`)),
    );
    const ids = value.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(perUser.flatMap((page) => page.value.map(({ id }) => id))));

    const devices = value.map((each) => each['managedDevice']).filter((device) => device !== null);
    expect(devices.length).toBeGreaterThan(100);
    expect(devices.length).toBeLessThan(value.length);
    for (const device of devices) {
      expect(device).toEqual({
        '@odata.type': '#microsoft.graph.managedDevice',
        id: matching(/^[0-9a-f-]{36}$/),
        deviceName: matching(/^MAC-\d{4}$/),
        operatingSystem: 'macOS',
        osVersion: matching(/^\d+\./),
        lastSyncDateTime: matching(/^2026-.*Z$/),
      });
    }
  });

  test('have no device unless it is expanded', async () => {
    const [state] = (await read(deviceStates())).value;
    expect(Object.keys(state ?? {})).not.toContain('managedDevice');
    const [expanded] = (await read(`${deviceStates()}?$expand=managedDevice`)).value;
    expect(expanded).toMatchObject({ ...state, managedDevice: { serialNumber: matching(/^\w+$/) } });
  });

  test('can be read one by one, and so can their devices', async () => {
    const [state] = (await read(`${simulated.statePath}/deviceRunStates?$expand=managedDevice`)).value;
    for (const path of [`${simulated.statePath}/deviceRunStates/${state?.id}`, `${deviceStates()}/${state?.id}`]) {
      const { managedDevice, ...properties } = state ?? { managedDevice: null };
      expect((await graph(path)).json).toMatchObject(properties);
      expect((await graph(`${path}?$expand=managedDevice`)).json).toMatchObject({ managedDevice });
      expect((await graph(`${path}/managedDevice`)).json).toMatchObject(managedDevice as object);
    }
  });

  test('a device of Windows runs the scripts for Windows', async () => {
    const path = '/deviceManagement/deviceManagementScripts';
    const script = (await read(path)).value[3];
    const { value } = await read(
      `${path}/${script?.id}/deviceRunStates?$expand=managedDevice($select=operatingSystem)`,
    );
    expect(value[0]?.['managedDevice']).toMatchObject({ operatingSystem: 'Windows' });
  });
});

test.each(collections)('the run summary of a script of %s is the sum of its user states', async (collection) => {
  const script = (await read(`/deviceManagement/${collection}`)).value[3];
  const path = `/deviceManagement/${collection}/${script?.id}`;
  const { value } = await read(`${path}/userRunStates?$top=1000`);
  const sum = (name: string) => value.reduce((total, state) => total + Number(state[name]), 0);
  const failed = value.filter((state) => Number(state['errorDeviceCount']) > 0).length;
  expect((await graph(`${path}/runSummary`)).json).toMatchObject({
    '@odata.context': containing('/runSummary/$entity'),
    successDeviceCount: sum('successDeviceCount'),
    errorDeviceCount: sum('errorDeviceCount'),
    successUserCount: aNumber,
    errorUserCount: failed,
  });
});

test.each([
  ['deviceShellScripts', ['executionFrequency', 'retryCount', 'blockExecutionNotifications']],
  ['deviceManagementScripts', ['enforceSignatureCheck', 'runAs32Bit']],
  ['deviceCustomAttributeShellScripts', ['customAttributeType', 'customAttributeName']],
])('the scripts of %s have the properties of their kind', async (collection, properties) => {
  const all = ['executionFrequency', 'enforceSignatureCheck', 'runAs32Bit', 'customAttributeType', 'retryCount'];
  for (const script of (await read(`/deviceManagement/${collection}`)).value) {
    const names = Object.keys(script);
    expect(names).toEqual(expect.arrayContaining(properties));
    expect(names.filter((name) => all.includes(name) && !properties.includes(name))).toEqual([]);
  }
});

test('ids are compared without regard to case', async () => {
  const upper = (path: string) => path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (guid) => guid.toUpperCase());
  const { json } = await graph(simulated.statePath);
  expect((await graph(upper(simulated.statePath))).json).toMatchObject({ id: (json as { id: string }).id });
  const body = { successDeviceCount: 9 };
  await graph(upper(simulated.statePath), { method: 'PATCH', body });
  expect((await graph(simulated.statePath)).json).toMatchObject(body);
  const [device] = (await read(`${upper(simulated.statePath)}/deviceRunStates`)).value;
  expect((await graph(`${simulated.statePath}/deviceRunStates/${upper(device?.id ?? '')}`)).status).toBe(200);
  const draft = { id: (json as { id: string }).id.toUpperCase() };
  expect((await graph(simulated.statesPath, { method: 'POST', body: draft })).status).toBe(409);
  expect((await graph(upper(simulated.statePath), { method: 'DELETE' })).status).toBe(204);
  expect((await graph(simulated.statePath)).status).toBe(404);
});

describe('query options', () => {
  test('$select applies to one entity, and $count adds the number of entities', async () => {
    const one = await graph(`${simulated.statePath}?$select=successDeviceCount`);
    expect(Object.keys(one.json as object).filter((name) => !name.startsWith('@'))).toEqual(['successDeviceCount']);
    const page = await read(`${simulated.statesPath}?$count=true&$top=7`);
    expect(page).toMatchObject({ '@odata.count': 140 });
    expect(page['@odata.nextLink']).toContain('$count=true');
    expect(await read(simulated.statesPath)).not.toHaveProperty('@odata.count');
  });

  test.each([
    ['', '$orderby=id', "'$orderby' is not allowed"],
    ['', '$expand=managedDevice', "'$expand' is not allowed"],
    ['', '$select=id,unknown', "named 'unknown'"],
    ['', '$top=1001', 'from 1 to 1000'],
    ['', '$top=5&$top=6', 'only once'],
    ['', '$count=1', 'true or false'],
    ['/deviceRunStates', '$expand=managedDevice($top=1)', '$expand must be'],
    ['/deviceRunStates', '$expand=managedDevice($select=unknown)', "named 'unknown'"],
  ])('400 for %s?%s', async (child, query, message) => {
    const path = child === '' ? simulated.statesPath : simulated.statePath + child;
    const reply = await graph(`${path}?${query}`);
    expect(reply.status).toBe(400);
    expect(graphError.parse(reply.json).error.message).toContain(message);
  });

  test('a write accepts none', async () => {
    const call = { method: 'PATCH', body: { successDeviceCount: 9 } };
    expect((await graph(`${simulated.statePath}?$select=id`, call)).status).toBe(400);
  });

  test('the settings reject $top and $expand', async () => {
    const top = `${simulated.statesPath}?$top=5`;
    const expand = `${simulated.statePath}/deviceRunStates?${expandDevice}`;
    expect([(await graph(top)).status, (await graph(expand)).status]).toEqual([200, 200]);
    await control('PATCH', '/settings', { acceptTop: false, acceptExpand: false });
    expect([(await graph(top)).status, (await graph(expand)).status]).toEqual([400, 400]);
  });
});

test('a page repeats the last entities of the page before it', async () => {
  await control('PATCH', '/settings', { repeatedEntities: 2 });
  const first = await read(simulated.statesPath);
  const second = await read(first['@odata.nextLink'] ?? '');
  expect(second.value).toHaveLength(52);
  expect(second.value.slice(0, 2)).toEqual(first.value.slice(-2));
});
