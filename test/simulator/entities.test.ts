import { describe, expect, test } from 'vitest';
import { list, patch, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, start } = simulated;

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const aNumber: unknown = expect.any(Number);
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const collections = ['deviceShellScripts', 'deviceManagementScripts', 'deviceCustomAttributeShellScripts'] as const;

/** The scripts of a seed's tenant, as text. */
async function readTenant(seed: number): Promise<readonly string[]> {
  const { url, baseUrl, credential } = await start({ seed });
  const token = (await credential.getToken('scope'))?.token ?? '';
  const paths = collections.map((name) => `${baseUrl}/deviceManagement/${name}?$top=1000`);
  const replies = await Promise.all(paths.map((path) => graph(path, { token })));
  return replies.map(({ text }) => text.replaceAll(url, ''));
}

describe('entities', () => {
  test.each(collections)('lists and gets the scripts of %s', async (collection) => {
    const path = `/deviceManagement/${collection}`;
    const [script] = list.parse((await graph(path)).json).value;
    expect(script).toMatchObject({
      scriptContent: null,
      runAsAccount: matching(/^(system|user)$/),
      fileName: matching(collection === 'deviceManagementScripts' ? /\.ps1$/ : /\.sh$/),
      roleScopeTagIds: ['0'],
    });
    const one = await graph(`${path}/${script?.id}`);
    expect(one.json).toMatchObject({ ...script, scriptContent: matching(/^[\w+/]+=*$/) });
  });

  test('an update returns the new entity, and a read returns the same', async () => {
    const updated = await graph(simulated.statePath, { method: 'PATCH', body: { ...patch, userPrincipalName: null } });
    expect(updated.status).toBe(200);
    expect(updated.json).toMatchObject({ ...patch, userPrincipalName: null, pendingDeviceCount: aNumber });
    expect((await graph(simulated.statePath)).json).toEqual(updated.json);
  });

  test('creates a state with a generated or given id, rejects a duplicate id, deletes', async () => {
    const created = await graph(simulated.statesPath, { method: 'POST', body: { successDeviceCount: 1 } });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ id: containing(`${simulated.scriptId}:`), errorDeviceCount: 0 });
    const draft = { method: 'POST', body: { id: 'my-own', userPrincipalName: 'a@contoso.example' } };
    expect((await graph(simulated.statesPath, draft)).json).toMatchObject(draft.body);
    expect((await graph(simulated.statesPath, draft)).status).toBe(409);
    const deleted = await graph(`${simulated.statesPath}/my-own`, { method: 'DELETE' });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await graph(`${simulated.statesPath}/my-own`)).status).toBe(404);
  });

  test('the device states add up to the counts of the user state', async () => {
    for (const { id, ...state } of list.parse((await graph(simulated.statesPath)).json).value.slice(0, 10)) {
      const devices = list.parse((await graph(`${simulated.statesPath}/${id}/deviceRunStates`)).json).value;
      const runStates = devices.map((device) => String(device['runState']).toLowerCase());
      expect(runStates.filter((each) => each === 'success')).toHaveLength(Number(state['successDeviceCount']));
      expect(runStates.filter((each) => /fail|error/.test(each))).toHaveLength(Number(state['errorDeviceCount']));
    }
  });

  test('$select sets the properties and $top the page size', async () => {
    const { json } = await graph('/deviceManagement/deviceShellScripts?$top=2&$select=id,displayName');
    const { value, '@odata.nextLink': next = '' } = list.parse(json);
    expect(value.map((each) => Object.keys(each).length)).toEqual([3, 3]);
    expect(value[0]).toMatchObject({ '@odata.type': aString, id: aString, displayName: aString });
    expect(Object.keys(list.parse((await graph(next)).json).value[0] ?? {})).toContain('displayName');
  });

  test('every response has its ids and a content type', async () => {
    const headers = { 'client-request-id': 'mine' };
    for (const reply of [await graph(simulated.statePath, { headers }), await graph('/nothing', { headers })]) {
      expect(reply.headers.get('client-request-id')).toBe('mine');
      expect(reply.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(reply.headers.get('x-ms-ags-diagnostic')).toContain('ServerInfo');
      expect(reply.headers.get('content-type')).toContain('application/json');
    }
  });
});

describe('paging', () => {
  test('the absolute links lead through every state once', async () => {
    const ids: string[] = [];
    const sizes: number[] = [];
    let next: string | undefined = `${simulated.simulator.baseUrl}${simulated.statesPath}`;
    while (next !== undefined) {
      expect(next.startsWith(`${simulated.simulator.baseUrl}/`)).toBe(true);
      const page = list.parse((await graph(next)).json);
      sizes.push(page.value.length);
      ids.push(...page.value.map(({ id }) => id));
      next = page['@odata.nextLink'];
    }
    expect(sizes).toEqual([50, 50, 40]);
    expect(new Set(ids).size).toBe(140);
  });

  test.each(['$skiptoken=wrong', '$skiptoken=', '$top=0', '$top=x', '$filter=id', 'foo=1'])(
    'rejects the query %s',
    async (query) => {
      expect((await graph(`${simulated.statesPath}?${query}`)).status).toBe(400);
    },
  );

  test("rejects another list's skiptoken", async () => {
    const next = list.parse((await graph(simulated.statesPath)).json)['@odata.nextLink'] ?? '';
    expect((await graph(`/deviceManagement/deviceShellScripts${new URL(next).search}`)).status).toBe(400);
  });
});

describe('tenant', () => {
  test('the same seed yields the same tenant, another seed another tenant', async () => {
    expect(await readTenant(3)).toEqual(await readTenant(3));
    expect(await readTenant(3)).not.toEqual(await readTenant(4));
  });

  test('the tenant has 300 scripts, thousands of user states, and scripts without states', async () => {
    const sizes: number[] = [];
    for (const collection of collections) {
      const path = `/deviceManagement/${collection}`;
      for (const { id } of list.parse((await graph(`${path}?$top=1000`)).json).value) {
        sizes.push(list.parse((await graph(`${path}/${id}/userRunStates?$top=1000`)).json).value.length);
      }
    }
    expect(sizes).toHaveLength(300);
    expect(sizes).toContain(0);
    const states = sizes.reduce((sum, size) => sum + size, 0);
    expect(states).toBeGreaterThan(3000);
    expect(states).toBeLessThan(5000);
  });
});
