import { expect, test } from 'vitest';
import type { SimulatorFault } from '../../src/simulator/faults/fault-names.js';
import { graphError, list, parseJson, patch, useSimulatedGraph } from '../support/simulated-graph.js';

// Vitest types its matchers as any.
const aDate: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);

const simulated = useSimulatedGraph();
const { graph, control, write, start } = simulated;

test.each([
  ['next-link-loop', () => `${simulated.simulator.baseUrl}${simulated.statesPath}`],
  ['next-link-foreign', () => `https://graph.example.net/beta${simulated.statesPath}`],
])('%s changes the next link of a list', async (fault, next) => {
  const { json } = await graph(simulated.statesPath, { headers: { 'x-simulator-fault': fault } });
  expect(list.parse(json)['@odata.nextLink']).toBe(next());
});

test('incomplete removes properties from the items of a list', async () => {
  const { json } = await graph(simulated.statesPath, { headers: { 'x-simulator-fault': 'incomplete' } });
  expect(Object.keys(list.parse(json).value[0] ?? {})).not.toContain('errorDeviceCount');
});

test.each(['accepted', 'no-content', 'wrapped', 'empty'])('%s does not change an error', async (fault) => {
  const call = { method: 'PATCH', body: patch, headers: { 'x-simulator-fault': fault } };
  expect((await graph(`${simulated.statesPath}/unknown`, call)).status).toBe(404);
});

test.each(['throttled', 'unavailable'])('%s sends the delay in every format', async (fault) => {
  const send = (kind: string) => write({ 'x-simulator-fault': `${fault};retryAfter=${kind};delayMs=2128` });
  expect((await send('seconds')).headers.get('retry-after')).toBe('3');
  expect((await send('fractional')).headers.get('retry-after')).toBe('2.128');
  expect((await send('date')).headers.get('retry-after')).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  const nested = [
    ['nested', 3],
    ['nested-time-span', '00:00:02.128'],
    ['nested-date', aDate],
    ['none', null],
  ] as const;
  for (const [kind, value] of nested) {
    const reply = await send(kind);
    expect(reply.headers.get('retry-after')).toBeNull();
    expect(parseJson(graphError.parse(reply.json).error.message)).toMatchObject({ RetryAfter: value });
  }
});

test('a header with an unknown fault is rejected', async () => {
  expect((await write({ 'x-simulator-fault': 'nonsense' })).status).toBe(400);
});

test('a claims challenge applies to the token until one with the claims is issued', async () => {
  const first = await write({ 'x-simulator-fault': 'claims-challenge' });
  const challenge = first.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer realm="", .*error="insufficient_claims", claims="[^"]*", PoP realm="[^"]*,[^"]*"/);
  const again = await write();
  expect([again.status, again.headers.get('www-authenticate')]).toEqual([401, challenge]);

  expect((await simulated.simulator.credential.getToken('scope'))?.token).toBe(simulated.token);
  const claims = Buffer.from(/claims="([^"]+)"/.exec(challenge)?.[1] ?? '', 'base64').toString();
  simulated.token = (await simulated.simulator.credential.getToken('scope', { claims }))?.token ?? '';
  expect((await write()).status).toBe(200);
  expect((await simulated.simulator.credential.getToken('scope'))?.token).toBe(simulated.token);
});

test('rules apply in order, to the requests that match', async () => {
  await control('POST', '/faults', [
    { fault: 'not-found', method: 'get', path: '/userRunStates/', times: 2 },
    { fault: 'conflict', method: 'PATCH' },
    { fault: 'rejected', method: 'PATCH', times: 'always' },
  ]);
  const seen: number[] = [];
  for (let index = 0; index < 3; index += 1)
    seen.push((await graph(simulated.statePath)).status, (await write()).status);
  expect(seen).toEqual([404, 409, 404, 400, 200, 400]);
  await control('DELETE', '/faults');
  expect((await write()).status).toBe(200);
});

test('the path of a rule matches the decoded path', async () => {
  await control('POST', '/faults', { fault: 'conflict', path: `${simulated.scriptId}:` });
  expect((await graph(simulated.statePath)).status).toBe(409);
});

test('random faults depend on the seed', async () => {
  const faults = new Map<SimulatorFault, number>([
    ['conflict', 0.3],
    ['rejected', 0.3],
  ]);
  const statuses = async (seed: number) => {
    const other = await start({ seed, faults });
    await fetch(`${other.url}/simulator/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: 'same' }),
    });
    const seen: number[] = [];
    for (let index = 0; index < 30; index += 1) {
      seen.push((await graph(`${other.baseUrl}/deviceManagement/deviceShellScripts?$top=1`, { token: 'same' })).status);
    }
    return seen;
  };
  const first = await statuses(5);
  expect(new Set(first)).toEqual(new Set([200, 400, 409]));
  expect(await statuses(5)).toEqual(first);
  expect(await statuses(6)).not.toEqual(first);
});
