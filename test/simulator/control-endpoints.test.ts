import { expect, test } from 'vitest';
import { issuedToken, parseJson, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { control } = simulated;

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const aNumber: unknown = expect.any(Number);
const containing = (text: string): unknown => expect.stringContaining(text);

test('issues tokens in the format of Entra, with the requested roles', async () => {
  const { token: jwt } = issuedToken.parse((await control('POST', '/token', { roles: ['Some.Role'] })).json);
  const [, payload = ''] = jwt.split('.');
  expect(parseJson(Buffer.from(payload, 'base64url').toString())).toMatchObject({
    roles: ['Some.Role'],
    tid: aString,
    appid: aString,
    exp: aNumber,
  });
});

test.each([
  ['POST', '/faults', { fault: 'nonsense' }],
  ['POST', '/faults', '{'],
  ['POST', '/token', { claims: 'not JSON' }],
  ['POST', '/tokens', {}],
  ['PATCH', '/settings', { writesPer20s: 0 }],
  ['PATCH', '/settings', { unknown: true }],
])('rejects an invalid %s to %s %#', async (method, path, body) => {
  expect((await control(method, path, body)).status).toBe(400);
});

test('describes the simulator and rejects unknown paths', async () => {
  expect((await control('GET', '')).json).toMatchObject({
    about: containing('simulator'),
  });
  expect((await control('GET', '/nothing')).status).toBe(404);
});
