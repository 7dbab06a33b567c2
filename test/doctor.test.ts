import { beforeEach, expect, test } from 'vitest';
import { scriptKinds } from '../src/graph/ids.js';
import { userStatePath } from '../src/graph/paths.js';
import type { FaultRule } from './support/controls.js';
import { runDoctor } from './support/doctor.js';
import { graphError } from './support/graph-responses.js';
import { type GraphServerResponse, useGraphServer } from './support/graph-server.js';
import { liveSettings } from './support/service.js';
import { useSimulator } from './support/simulator.js';
import { findState } from './support/states.js';

const token = 'canary-doctor-token';
const simulator = useSimulator(token);
const graph = useGraphServer();
beforeEach(async () => {
  await simulator.reset();
  // Each run of the doctor reads several hundred entities.
  await simulator.settings({ acceptTop: true, acceptExpand: true, requestsPer20s: 100_000 });
});

const live = () => ({ ...liveSettings(simulator, token), SIGN_IN: 'off', GRAPH_DEADLINE_MS: '10000' });

const writes = async () =>
  (await simulator.journal()).filter(({ method, path }) => method !== 'GET' && !path.endsWith('/$batch'));

/** The steps before the reads, and those of the reads. */
const before = ['ok settings', 'ok cloud', 'ok graph', 'ok token', 'ok permissions'];
const reads = Array.from({ length: 7 }, () => 'ok read');

test('checks settings, token, permissions and reads, and writes nothing', async () => {
  const { code, steps, printed } = await runDoctor(live());
  expect(steps).toEqual([...before, ...reads, 'skip write']);
  expect(code).toBe(0);
  expect(await writes()).toEqual([]);
  expect(printed).not.toContain(token);
});

test('names the permission that lets jobs continue after an approval', async () => {
  const payload = Buffer.from(JSON.stringify({ roles: ['DeviceManagementScripts.ReadWrite.All'] })).toString(
    'base64url',
  );
  const jwt = `e30.${payload}.`;
  await simulator.register(jwt);
  const { code, steps, printed } = await runDoctor({ ...live(), GRAPH_ACCESS_TOKEN: jwt });
  expect([code, steps]).toEqual([0, [...before, ...reads, 'skip write']]);
  expect(printed).toMatch(/^ok +permissions +DeviceManagementScripts.*\n.*DeviceManagementRBAC\.Read\.All/m);
});

test('with --write, writes the values of a state back', async () => {
  const { code, steps } = await runDoctor(live(), '--write');
  expect(steps).toEqual([...before, ...reads, 'ok write']);
  expect(code).toBe(0);
  const [patch, ...more] = await writes();
  expect(more).toEqual([]);
  expect(patch).toMatchObject({ method: 'PATCH', status: 200, applied: true });
});

test('tries each read for each kind of script, and reports what the tenant offers', async () => {
  const { printed } = await runDoctor(live());
  const all = (text: string) => scriptKinds.map((kind) => `${kind} \\(${text}\\)`).join(', ');
  for (const [procedure, text] of [
    ['script.list', '\\d+, with \\$top'],
    ['scriptUserState.list', '\\d+, with \\$top'],
    ['scriptUserState.get', '1'],
    ['deviceRunState.list', '\\d+, with \\$top, with devices'],
    ['deviceRunState.listForScript', '\\d+( on the first page)?, with \\$top, with devices'],
    ['script.overview', '100 of 100 with runSummary'],
  ] as const)
    expect(printed).toMatch(new RegExp(`^ok +read +${procedure}: ${all(text)}$`, 'm'));
  expect(printed).toMatch(/^ok +read +scriptUserState\.listForUser: deviceShellScript \(\d+/m);
  const paths = (await simulator.journal()).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining([expect.stringMatching(/\/runSummary$/)]));
});

test('reports which options and reads the tenant rejects, and continues', async () => {
  await simulator.settings({ acceptTop: false, acceptExpand: false });
  await simulator.fault(
    { fault: 'tenant-not-applicable', path: '/runSummary', times: 'always' },
    { fault: 'segment-not-found', path: 'deviceCustomAttributeShellScripts', times: 'always' },
    { fault: 'forbidden-application', path: 'deviceShellScripts', method: 'GET', times: 'always' },
  );
  const { code, printed } = await runDoctor(live());
  expect(code).toBe(0);
  expect(printed).toMatch(/^ok +read +script\.list: deviceManagementScript \(50 on the first page, without \$top\)$/m);
  expect(printed).toMatch(/^no +read +script\.list: deviceCustomAttributeShellScript: .*segment.*\n.*\/beta/m);
  expect(printed).toMatch(/^no +read +script\.list: deviceShellScript: .*\n.*these permissions.*: DeviceManagement/m);
  expect(printed).toMatch(
    /deviceRunState\.list: deviceManagementScript \(.*without \$top, without devices\)\n.*DeviceManagementManagedDevices/,
  );
  expect(printed).toMatch(/^no +read +script\.overview: deviceManagementScript: no runSummary \(HTTP 400\)/m);
});

test.each([
  [{ acceptTop: false }, 'without \\$top, with devices'],
  [{ acceptExpand: false }, 'with \\$top, without devices'],
])('reports which of two options the tenant rejects: %o', async (settings, text) => {
  await simulator.settings(settings);
  const { printed } = await runDoctor(live());
  expect(printed).toMatch(new RegExp(`deviceRunState\\.list: deviceShellScript \\(\\d+, ${text}\\)`));
});

test('with --write, reports that the tenant ignores the update, and the values that it shows', async () => {
  const { target } = await findState(simulator);
  const path = userStatePath(target);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ successDeviceCount: 9 });
  await fetch(`${simulator.baseUrl}/${path}`, { method: 'PATCH', headers, body });
  await simulator.fault({ fault: 'clamped', method: 'PATCH' });
  const { code, steps, printed } = await runDoctor(live(), '--write');
  expect(code).toBe(1);
  expect(steps.at(-1), printed).toBe('FAIL write');
  expect(printed).toMatch(
    /NOT_APPLIED.*Graph shows 3 successful and \d+ failed devices.*\n.*Intune computes these values/,
  );
});

test('checks the built-in simulator without settings', async () => {
  expect(await runDoctor({})).toMatchObject({ code: 0 });
});

test.each<[string, Readonly<Record<string, string>>, FaultRule[], string, RegExp]>([
  ['an invalid setting', { PORT: 'x' }, [], 'FAIL settings', /PORT: must be/],
  [
    'no credential',
    { GRAPH_CREDENTIAL: 'azure', AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' },
    [],
    'FAIL token',
    /EnvironmentCredential is unavailable/,
  ],
  [
    'a token without the permission',
    { GRAPH_ACCESS_TOKEN: 'e30.eyJyb2xlcyI6W119.' },
    [],
    'FAIL permissions',
    /grant the application/,
  ],
  ['a token that Graph rejects', { GRAPH_ACCESS_TOKEN: 'unknown' }, [], 'FAIL read', /CREDENTIAL_UNAVAILABLE/],
  ['a missing Intune role', {}, [{ fault: 'forbidden-user', times: 'always' }], 'FAIL read', /Intune role/],
  ['an unreachable Graph', { GRAPH_BASE_URL: 'http://127.0.0.1:1/beta' }, [], 'FAIL read', /ECONNREFUSED/],
  ['an address that is not a Graph', {}, [{ fault: 'malformed', times: 'always' }], 'FAIL read', /GRAPH_BASE_URL/],
  [
    'a proxy that blocks writes',
    {},
    [{ fault: 'proxy-page', method: 'PATCH', times: 'always' }],
    'FAIL write',
    /did not confirm.*\n.*proxy/,
  ],
  [
    'a captive portal that accepts writes',
    {},
    [{ fault: 'proxy-page', status: 200, method: 'PATCH', times: 'always' }],
    'FAIL write',
    /did not confirm.*\n.*proxy/,
  ],
  [
    'a Graph that fails to write',
    {},
    [{ fault: 'server-error', method: 'PATCH', times: 'always' }],
    'FAIL write',
    /did not confirm the write: HTTP 500/,
  ],
  ['required approval', {}, [{ fault: 'approval-required', method: 'PATCH' }], 'FAIL write', /justification/],
])('exits with code 1 and advice on %s', async (_, env, rules, step, advice) => {
  await simulator.fault(...rules);
  const { code, steps, printed } = await runDoctor({ ...live(), ...env }, '--write');
  expect(code).toBe(1);
  expect(steps.at(-1)).toBe(step);
  expect(printed).toMatch(advice);
  expect(printed).not.toContain(token);
});

test.each<[string, GraphServerResponse, RegExp]>([
  [
    'a tenant without Intune',
    graphError(400, 'BadRequest', 'Request not applicable to target tenant.'),
    /assign a license/,
  ],
  [
    'another version of Graph',
    graphError(400, 'BadRequest', "Resource not found for the segment 'deviceShellScripts'."),
    /version at the end of GRAPH_BASE_URL/,
  ],
  ['a method that this version does not have', graphError(405, 'MethodNotAllowed', ''), /HTTP 405.*\n.*GRAPH_BASE_URL/],
  [
    'a missing route',
    graphError(400, 'No method match route template', 'No OData route exists that match template'),
    /contact Microsoft support/,
  ],
  [
    'a missing Intune role, as a 401',
    graphError(401, 'UnknownError', JSON.stringify({ ErrorCode: 'Forbidden', Message: '{}' })),
    /GRAPH_PERMISSION_MISSING.*\n.*Intune role/,
  ],
  [
    'an operation that is not implemented',
    graphError(501, 'NotImplemented', ''),
    /HTTP 501.*\n.*version at the end of GRAPH_BASE_URL/,
  ],
  [
    'missing permissions',
    graphError(
      403,
      'Forbidden',
      'Application is not authorized. It must have one of the following scopes: A.Read, B.Read',
    ),
    /these permissions with admin consent: A\.Read, B\.Read/,
  ],
  ['the page of a captive portal', { status: 200, body: '<html></html>' }, /a proxy or captive portal responded/],
  ['the error page of a proxy', { status: 403, body: '<html></html>' }, /a proxy or captive portal responded/],
  [
    'the 407 page of a proxy',
    { status: 407, body: '<html></html>' },
    /HTTP 407.*\n.*the proxy requires authentication/,
  ],
])('advises on %s', async (_, response, advice) => {
  graph.respond(() => response);
  const { code, steps, printed } = await runDoctor({ ...live(), GRAPH_BASE_URL: graph.baseUrl });
  expect(code).toBe(1);
  expect(steps.at(-1)).toBe('FAIL read');
  expect(printed).toMatch(advice);
});

test('rejects an unknown option', async () => {
  const { code, printed } = await runDoctor(live(), '--wirte');
  expect(code).toBe(1);
  expect(printed).toContain('usage');
  expect(await simulator.journal()).toEqual([]);
});
