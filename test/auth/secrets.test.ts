import { inspect } from 'node:util';
import request from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { type SimulatorFault, simulatorFaults } from '../../src/simulator/faults/fault-names.js';
import { sendRaw } from '../support/expect-refused.js';
import { usePair } from '../support/pair.js';
import { canaryToken } from '../support/service.js';
import { useKnownState } from '../support/states.js';

/** A unique name, with characters that get encoded. */
const canaryName = 'canary.person+7f3a9c@contoso.example';
const namePattern = /canary\.person/i;
const tokenPattern = new RegExp(`${canaryToken}|${Buffer.from(canaryToken).toString('base64').slice(0, 24)}`, 'i');

const pair = usePair({ GRAPH_DEADLINE_MS: '1000', LOG_LEVEL: 'trace' });
const known = useKnownState(pair);
let counter = 1;
/** The status, headers and body of every response. */
const responses: { readonly ok: boolean; readonly text: string }[] = [];

/** A failure may show the state as it is, with the name, but only as `current`. */
function withoutCurrent(body: string): string {
  return JSON.stringify(JSON.parse(body, (key, value: unknown) => (key === 'current' ? undefined : value)));
}

beforeAll(async () => {
  await send('scriptUserState.update', { ...known.target, patch: { userPrincipalName: canaryName } });
});

async function send(path: string, input: unknown, headers: Record<string, string> = {}): Promise<number> {
  const response = await request(pair.service.address)
    .post(`/trpc/${path}`)
    .set({ 'x-csrf': '1', 'content-type': 'application/json', ...headers })
    .send(JSON.stringify(input));
  const body = response.ok ? response.text : withoutCurrent(response.text);
  const text = `${response.status} ${JSON.stringify(response.headers)}\n${body}`;
  responses.push({ ok: response.ok, text });
  return response.status;
}

/** The calls of several procedures; writes contain the canary name. The last one needs those before it. */
function calls(): readonly (readonly [path: string, input: unknown])[] {
  const { userStateId, ...script } = known.target;
  const newId = `new-${counter++}`;
  const userState = { successDeviceCount: 1, errorDeviceCount: 1, userPrincipalName: canaryName };
  return [
    ['session.current', {}],
    ['script.list', { scriptKind: script.scriptKind }],
    ['scriptUserState.list', script],
    ['scriptUserState.get', known.target],
    ['scriptUserState.update', { ...known.target, patch: { ...userState, successDeviceCount: counter } }],
    ['scriptUserState.create', { ...script, userState: { ...userState, id: newId } }],
    ['scriptUserState.create', { ...script, userState: { ...userState, id: userStateId } }],
    ['deviceRunState.list', known.target],
    ['scriptUserState.delete', { ...known.target, userStateId: newId }],
  ];
}

function expectNothingLeaked(): void {
  for (const { ok, text } of responses) {
    expect(text).not.toMatch(tokenPattern);
    if (!ok) expect(text).not.toMatch(namePattern);
  }
  expect(pair.service.logged.filter((line) => tokenPattern.test(line) || namePattern.test(line))).toEqual([]);
}

describe('neither the token nor a user name leaks', () => {
  test('without faults', async () => {
    responses.length = 0;
    for (const [path, input] of calls()) await send(path, input);
    expect(responses.filter(({ ok }) => ok)).toHaveLength(8);
    expect(responses.some(({ text }) => namePattern.test(text))).toBe(true);
    expectNothingLeaked();
  });

  // A claims challenge invalidates the token, so it comes last.
  const faults = [...simulatorFaults.filter((name) => name !== 'claims-challenge'), 'claims-challenge' as const];
  test.each<SimulatorFault>(faults)('with the fault %s', async (fault) => {
    responses.length = 0;
    await pair.simulator.fault({ fault, times: 'always' });
    const all = calls();
    await Promise.all(all.slice(0, -1).map(([path, input]) => send(path, input)));
    await Promise.all(all.slice(-1).map(([path, input]) => send(path, input)));
    expect(responses).toHaveLength(9);
    expect((await pair.simulator.journal()).some((entry) => entry.fault === fault)).toBe(true);
    expectNothingLeaked();
  });
});

describe('the log does not contain a client’s', () => {
  const canary = 'canary-of-a-client';

  test.each<[string, () => Promise<unknown>]>([
    ['cookies', () => send('session.current', {}, { cookie: `session=${canary}` })],
    ['authorization', () => send('session.current', {}, { authorization: `Bearer ${canary}` })],
    [
      'other headers',
      () => send('session.current', {}, { referer: `https://${canary}.example`, 'user-agent': canary }),
    ],
    ['rejected origin', () => send('session.current', {}, { origin: `https://${canary}.example` })],
    ['rejected content type', () => send('session.current', {}, { 'content-type': `text/${canary}` })],
    ['rejected request id', () => send('session.current', {}, { 'x-request-id': `${canary}@contoso.example` })],
    ['query string', () => send(`session.current?${canary}=${canary}`, {})],
    ['input', () => send('scriptUserState.get', { ...known.target, userStateId: `${canary}!`, [canary]: canary })],
    [
      'input value',
      () => send('scriptUserState.update', { ...known.target, patch: { userPrincipalName: `${canary}\u0000` } }),
    ],
    ['unknown procedure', () => send(canary, {})],
    ['unknown procedure in a batch', () => send(`session.current,${canary}?batch=1`, {})],
    ['unknown path', () => request(pair.service.address).get(`/${canary}/${canary}?${canary}`)],
    ['malformed path', () => request(pair.service.address).get(`/trpc/%E0%A4%A${canary}`)],
    ['invalid HTTP', () => sendRaw(pair.service.url.port, [`${canary} ${canary}`])],
  ])('%s', async (_, call) => {
    const before = pair.service.logged.length;
    await call();
    // Log lines are written in order: when this one is there, so are those of the call.
    const requestId = crypto.randomUUID();
    await send('session.current', {}, { 'x-request-id': requestId });
    await expect.poll(() => pair.service.lines({ requestId })).toHaveLength(1);
    expect(pair.service.logged.slice(before).filter((line) => line.includes(canary))).toEqual([]);
  });
});

test('a Secret never prints its value', () => {
  const secret = new Secret(canaryToken);
  const printed = [
    JSON.stringify({ secret }),
    String(secret),
    [secret].join(' '),
    inspect(secret, { showHidden: true, depth: null }),
    inspect({ nested: [secret] }, { depth: null }),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.assign({}, secret)),
    JSON.stringify(structuredClone(secret)),
  ];
  for (const text of printed) expect(text).not.toContain(canaryToken);
  expect(secret.reveal()).toBe(canaryToken);
});
