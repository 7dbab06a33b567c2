import { expect, test } from 'vitest';
import {
  type Call,
  graphError,
  intuneMessage,
  issuedToken,
  patch,
  useSimulatedGraph,
} from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, entries } = simulated;

// Vitest types its matchers as any.
const containing = (text: string): unknown => expect.stringContaining(text);

test.each([
  ['no token', async () => null],
  ['an unknown token', async () => 'unknown'],
  ['an expired token', async () => issuedToken.parse((await control('POST', '/token', { lifetimeMs: -1 })).json).token],
])('401 for %s', async (_, getToken) => {
  const reply = await graph(simulated.statePath, { token: await getToken() });
  expect(reply.status).toBe(401);
  expect(reply.headers.get('www-authenticate')).toContain('Bearer realm=""');
  expect(reply.json).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
});

test('403 for a write with a token that allows only reads', async () => {
  const reader = issuedToken.parse(
    (await control('POST', '/token', { roles: ['DeviceManagementScripts.Read.All'] })).json,
  );
  expect((await graph(simulated.statePath, { token: reader.token })).status).toBe(200);
  const rejected = await graph(simulated.statePath, { method: 'PATCH', body: patch, token: reader.token });
  expect(rejected.status).toBe(403);
  expect(intuneMessage(rejected)).toContain(
    'Application must have one of the following scopes: DeviceManagementScripts.ReadWrite.All, ' +
      'DeviceManagementConfiguration.ReadWrite.All - Operation ID',
  );
  await control('POST', '/tokens', { token: 'a-canary', roles: [] });
  expect((await graph(simulated.statePath, { token: 'a-canary' })).status).toBe(403);
});

test.each<[string, string, string, unknown]>([
  ['an unknown property', 'PATCH', '', { foo: 1 }],
  ['another @odata.type', 'PATCH', '', { '@odata.type': '#microsoft.graph.other', successDeviceCount: 1 }],
  ['an empty update', 'PATCH', '', {}],
  ['an update with only the type', 'PATCH', '', { '@odata.type': patch['@odata.type'] }],
  ['an update of the id', 'PATCH', '', { id: 'x' }],
  ['a count that is a string', 'PATCH', '', { errorDeviceCount: '1' }],
  ['a negative count', 'PATCH', '', { errorDeviceCount: -1 }],
  ['a fractional count', 'PATCH', '', { errorDeviceCount: 1.5 }],
  ['a count beyond Int32', 'PATCH', '', { errorDeviceCount: 2 ** 31 }],
  ['a count that is null', 'PATCH', '', { errorDeviceCount: null }],
  ['a name that is not a string', 'PATCH', '', { userPrincipalName: 5 }],
  ['a name that is too long', 'PATCH', '', { userPrincipalName: 'x'.repeat(1025) }],
  ['a body that is not an object', 'PATCH', '', [1]],
  ['a new id with unsafe characters', 'POST', '/..', { id: 'a/b' }],
])("400 in Intune's nested form for %s", async (_, method, parent, body) => {
  const reply = await graph(parent === '' ? simulated.statePath : simulated.statesPath, { method, body });
  expect(reply.status).toBe(400);
  expect(intuneMessage(reply)).toMatch(/ - Activity ID: [0-9a-f-]{36} - Url: https:\/\/fef\./);
  expect((await entries()).at(-1)).toMatchObject({ applied: false });
});

test.each<[string, Call]>([
  ['a body that is not JSON', { body: '{' }],
  ['a body without a content type', { body: '{}', headers: { 'content-type': '' } }],
  ['a body of another content type', { body: '{}', headers: { 'content-type': 'text/plain' } }],
])('400 for %s', async (_, call) => {
  expect((await graph(simulated.statePath, { method: 'PATCH', ...call })).status).toBe(400);
});

test.each([
  ['script', () => `/deviceManagement/deviceShellScripts/unknown`],
  ['script of a state', () => simulated.statePath.replace(simulated.scriptId, 'unknown')],
  ['script of a list', () => simulated.statesPath.replace(simulated.scriptId, 'unknown')],
  ['script of another kind', () => simulated.statePath.replace('deviceShellScripts', 'deviceManagementScripts')],
  ['state', () => `${simulated.statesPath}/unknown`],
  ['state with an encoded slash', () => `${simulated.statesPath}/a%2Fb`],
  ['state of device states', () => `${simulated.statesPath}/unknown/deviceRunStates`],
  ['device state', () => `${simulated.statePath}/deviceRunStates/unknown`],
  ['script of a summary', () => '/deviceManagement/deviceShellScripts/unknown/runSummary'],
])('404 for an unknown %s', async (_, path) => {
  const reply = await graph(path());
  expect(reply.status).toBe(404);
  expect(reply.json).toMatchObject({ error: { code: 'ResourceNotFound', message: containing('fef.') } });
});

test.each([
  ['PUT', () => simulated.statePath],
  ['DELETE', () => simulated.statesPath],
  ['PATCH', () => `${simulated.statesPath}/`],
  ['GET', () => simulated.statesPath.replace(simulated.scriptId, '')],
  ['PATCH', () => `${simulated.statesPath}/%E0%A4%A`],
  ['GET', () => '/deviceManagement/toString'],
  ['GET', () => '/users'],
  ['GET', () => '/$batch'],
  ['POST', () => `${simulated.statePath}/deviceRunStates`],
  ['GET', () => `${simulated.statePath}/managedDevice`],
])('400 No method match route template for %s %#', async (method, path) => {
  const reply = await graph(path(), { method });
  expect(reply.status).toBe(400);
  expect(graphError.parse(reply.json).error).toMatchObject({
    code: 'No method match route template',
    message: containing(`with http verb ${method} for request /`),
  });
});

test.each([
  ['/v1.0/deviceManagement/deviceShellScripts', "Resource not found for the segment 'deviceShellScripts'."],
  ['/other', 'Invalid version: other'],
])('400 for %s', async (path, message) => {
  const reply = await graph(`${simulated.simulator.url}${path}`);
  expect([reply.status, graphError.parse(reply.json).error.message]).toEqual([400, message]);
});
