import { afterEach, expect, test } from 'vitest';
import type { FaultRule } from './support/controls.js';
import { graphError } from './support/graph-errors.js';
import { type GraphServerResponse, useGraphServer } from './support/graph-server.js';
import { startProgram } from './support/program.js';
import { liveSettings } from './support/service.js';
import { useSimulator } from './support/simulator.js';

const token = 'canary-doctor-token';
const simulator = useSimulator(token);
const graph = useGraphServer();
afterEach(() => simulator.reset());

/** Runs the doctor until it exits. */
async function runDoctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { stdout, stderr, exited } = startProgram('dist/doctor.js', env, args);
  const code = await exited;
  const steps = stdout.flatMap((line) => /^(ok|skip|FAIL) +(\w+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  return { code, steps, printed: [...stdout, ...stderr].join('\n') };
}

const live = () => ({ ...liveSettings(simulator, token), SIGN_IN: 'off', GRAPH_DEADLINE_MS: '2000' });

const writes = async () => (await simulator.journal()).filter(({ method }) => method !== 'GET');

test('checks settings, token, permissions and a read, and writes nothing', async () => {
  const { code, steps, printed } = await runDoctor(live());
  expect(steps).toEqual(['ok settings', 'ok graph', 'ok token', 'ok permissions', 'ok read', 'skip write']);
  expect(code).toBe(0);
  expect(await writes()).toEqual([]);
  expect(printed).not.toContain(token);
});

test('with --write, writes the values of a state back', async () => {
  const { code, steps } = await runDoctor(live(), '--write');
  expect(steps).toEqual(['ok settings', 'ok graph', 'ok token', 'ok permissions', 'ok read', 'ok write']);
  expect(code).toBe(0);
  const [patch, ...more] = await writes();
  expect(more).toEqual([]);
  expect(patch).toMatchObject({ method: 'PATCH', status: 200, applied: true });
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
    /assign a licence/,
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
  ['the page of a proxy', { status: 407, body: '<html></html>' }, /HTTP 407.*\n.*proxy/],
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
