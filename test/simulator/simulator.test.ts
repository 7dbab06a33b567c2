import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type SimulatorFault, simulatorFaults } from '../../src/simulator/faults/fault-names.js';
import { createQuota } from '../../src/simulator/graph/quota.js';
import { createJournal } from '../../src/simulator/journal.js';
import { createRandom } from '../../src/simulator/random.js';
import { defaultSettings, type Settings } from '../../src/simulator/settings.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';

const entity = z.looseObject({ id: z.string() });
const list = z.looseObject({ value: z.array(entity), '@odata.nextLink': z.string().optional() });
const journal = z.looseObject({
  entries: z.array(
    z.looseObject({ method: z.string(), path: z.string(), status: z.number().nullable(), applied: z.boolean() }),
  ),
});
const issued = z.object({ token: z.string(), expiresOnTimestamp: z.number() });
const graphError = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) });
const batchAnswer = z.object({
  responses: z.array(
    z.looseObject({
      id: z.string(),
      status: z.number(),
      headers: z.record(z.string(), z.string()),
      body: z.unknown().optional(),
    }),
  ),
});

const collections = ['deviceShellScripts', 'deviceManagementScripts', 'deviceCustomAttributeShellScripts'] as const;
const patch = { '@odata.type': '#microsoft.graph.deviceManagementScriptUserState', successDeviceCount: 77 };

// Vitest types its matchers as any.
const aString: unknown = expect.any(String);
const aNumber: unknown = expect.any(Number);
const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: string | null;
  readonly signal?: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, undefined when it is none. */
  readonly json: unknown;
}

let simulator: Simulator;
let token: string;
let scriptId: string;
let statesPath: string;
let statePath: string;
let others: Simulator[] = [];

async function start(options: SimulatorOptions): Promise<Simulator> {
  const other = await startSimulator(options);
  others.push(other);
  return other;
}

/** Calls Graph at a path, or at an absolute URL. */
async function graph(path: string, call: Call = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body, token: sent = token, signal } = call;
  const response = await fetch(path.startsWith('http') ? path : `${simulator.baseUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(sent === null ? {} : { authorization: `Bearer ${sent}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parseJson(text) };
}

async function control(method: string, path: string, body?: unknown): Promise<Reply> {
  const call = { method, token: null, ...(body === undefined ? {} : { body }) };
  return graph(`${simulator.url}/simulator${path}`, call);
}

const write = (headers: Call['headers'] = {}) => graph(statePath, { method: 'PATCH', body: patch, headers });

async function sendBatch(requests: unknown, call: Call = {}): Promise<Reply> {
  return graph('/$batch', { method: 'POST', body: { requests }, ...call });
}

/** The answers to a batch's items, by id. */
async function responses(requests: unknown) {
  const answer = batchAnswer.parse((await sendBatch(requests)).json);
  return new Map(answer.responses.map((response) => [response.id, response]));
}

/** The whole tenant of a seed, as text. */
async function readTenant(seed: number): Promise<readonly string[]> {
  const { url, baseUrl, credential } = await start({ seed });
  const own = (await credential.getToken('scope'))?.token ?? '';
  const paths = collections.map((name) => `${baseUrl}/deviceManagement/${name}?$top=1000`);
  const replies = await Promise.all(paths.map((path) => graph(path, { token: own })));
  return replies.map(({ text }) => text.replaceAll(url, ''));
}

async function entries() {
  return journal.parse((await control('GET', '/journal')).json).entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of Intune's error within Graph's error, however deep. */
function intuneMessage(reply: Reply): string {
  let message = graphError.parse(reply.json).error.message;
  for (;;) {
    const nested = z.object({ Message: z.string() }).safeParse(parseJson(message));
    if (!nested.success) return message;
    message = nested.data.Message;
  }
}

beforeEach(async () => {
  simulator = await startSimulator();
  token = (await simulator.credential.getToken('https://graph.microsoft.com/.default'))?.token ?? '';
  // The fourth script of every collection is the long one.
  scriptId = list.parse((await graph('/deviceManagement/deviceShellScripts')).json).value[3]?.id ?? '';
  statesPath = `/deviceManagement/deviceShellScripts/${scriptId}/userRunStates`;
  statePath = `${statesPath}/${encodeURIComponent(list.parse((await graph(statesPath)).json).value[0]?.id ?? '')}`;
  await control('DELETE', '/journal');
});

afterEach(async () => {
  await Promise.all([simulator, ...others].map((each) => each.close()));
  others = [];
});

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

  test('answers an update with the new entity and a read with the same', async () => {
    const updated = await graph(statePath, { method: 'PATCH', body: { ...patch, userPrincipalName: null } });
    expect(updated.status).toBe(200);
    expect(updated.json).toMatchObject({ ...patch, userPrincipalName: null, pendingDeviceCount: aNumber });
    expect((await graph(statePath)).json).toEqual(updated.json);
  });

  test('creates with an id of its own or the given one, refuses the same id twice, deletes', async () => {
    const created = await graph(statesPath, { method: 'POST', body: { successDeviceCount: 1 } });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ id: containing(`${scriptId}:`), errorDeviceCount: 0 });
    const draft = { method: 'POST', body: { id: 'my-own', userPrincipalName: 'a@contoso.example' } };
    expect((await graph(statesPath, draft)).json).toMatchObject(draft.body);
    expect((await graph(statesPath, draft)).status).toBe(409);
    const deleted = await graph(`${statesPath}/my-own`, { method: 'DELETE' });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await graph(`${statesPath}/my-own`)).status).toBe(404);
  });

  test('has device states that add up to the counts', async () => {
    for (const { id, ...state } of list.parse((await graph(statesPath)).json).value.slice(0, 10)) {
      const devices = list.parse((await graph(`${statesPath}/${id}/deviceRunStates`)).json).value;
      const runStates = devices.map((device) => String(device['runState']).toLowerCase());
      expect(runStates.filter((each) => each === 'success')).toHaveLength(Number(state['successDeviceCount']));
      expect(runStates.filter((each) => /fail|error/.test(each))).toHaveLength(Number(state['errorDeviceCount']));
    }
  });

  test('selects properties and sets the size of a page', async () => {
    const { json } = await graph('/deviceManagement/deviceShellScripts?$top=2&$select=id,displayName');
    const { value, '@odata.nextLink': next = '' } = list.parse(json);
    expect(value.map((each) => Object.keys(each).length)).toEqual([3, 3]);
    expect(value[0]).toMatchObject({ '@odata.type': aString, id: aString, displayName: aString });
    expect(Object.keys(list.parse((await graph(next)).json).value[0] ?? {})).toContain('displayName');
  });

  test('carries its ids and content type on every answer', async () => {
    const headers = { 'client-request-id': 'mine' };
    for (const reply of [await graph(statePath, { headers }), await graph('/nothing', { headers })]) {
      expect(reply.headers.get('client-request-id')).toBe('mine');
      expect(reply.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(reply.headers.get('x-ms-ags-diagnostic')).toContain('ServerInfo');
      expect(reply.headers.get('content-type')).toContain('application/json');
    }
  });
});

describe('paging', () => {
  test('leads through every state once, by absolute links', async () => {
    const ids: string[] = [];
    const sizes: number[] = [];
    let next: string | undefined = `${simulator.baseUrl}${statesPath}`;
    while (next !== undefined) {
      expect(next.startsWith(`${simulator.baseUrl}/`)).toBe(true);
      const page = list.parse((await graph(next)).json);
      sizes.push(page.value.length);
      ids.push(...page.value.map(({ id }) => id));
      next = page['@odata.nextLink'];
    }
    expect(sizes).toEqual([50, 50, 40]);
    expect(new Set(ids).size).toBe(140);
  });

  test.each(['$skiptoken=wrong', '$skiptoken=', '$top=0', '$top=x', '$filter=id', 'foo=1'])(
    'refuses the query %s',
    async (query) => {
      expect((await graph(`${statesPath}?${query}`)).status).toBe(400);
    },
  );

  test("refuses another list's skiptoken", async () => {
    const next = list.parse((await graph(statesPath)).json)['@odata.nextLink'] ?? '';
    expect((await graph(`/deviceManagement/deviceShellScripts${new URL(next).search}`)).status).toBe(400);
  });
});

describe('refusals', () => {
  test.each([
    ['no token', async () => null],
    ['an unknown token', async () => 'unknown'],
    ['an expired token', async () => issued.parse((await control('POST', '/token', { lifetimeMs: -1 })).json).token],
  ])('401 for %s', async (_, get) => {
    const reply = await graph(statePath, { token: await get() });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toContain('Bearer realm=""');
    expect(reply.json).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
  });

  test('403 for a token without the permission, which may still read', async () => {
    const reader = issued.parse(
      (await control('POST', '/token', { roles: ['DeviceManagementScripts.Read.All'] })).json,
    );
    expect((await graph(statePath, { token: reader.token })).status).toBe(200);
    const refused = await graph(statePath, { method: 'PATCH', body: patch, token: reader.token });
    expect(refused.status).toBe(403);
    expect(intuneMessage(refused)).toContain(
      'Application must have one of the following scopes: DeviceManagementScripts.ReadWrite.All, ' +
        'DeviceManagementConfiguration.ReadWrite.All - Operation ID',
    );
    await control('POST', '/tokens', { token: 'a-canary', roles: [] });
    expect((await graph(statePath, { token: 'a-canary' })).status).toBe(403);
  });

  test.each<[string, string, string, unknown]>([
    ['an unknown property', 'PATCH', '', { foo: 1 }],
    ['a wrong @odata.type', 'PATCH', '', { '@odata.type': '#microsoft.graph.other', successDeviceCount: 1 }],
    ['an empty update', 'PATCH', '', {}],
    ['an update of nothing but the type', 'PATCH', '', { '@odata.type': patch['@odata.type'] }],
    ['an update of the id', 'PATCH', '', { id: 'x' }],
    ['a count that is a string', 'PATCH', '', { errorDeviceCount: '1' }],
    ['a negative count', 'PATCH', '', { errorDeviceCount: -1 }],
    ['a fractional count', 'PATCH', '', { errorDeviceCount: 1.5 }],
    ['a count beyond Int32', 'PATCH', '', { errorDeviceCount: 2 ** 31 }],
    ['a count that is null', 'PATCH', '', { errorDeviceCount: null }],
    ['a name that is no string', 'PATCH', '', { userPrincipalName: 5 }],
    ['a name that is too long', 'PATCH', '', { userPrincipalName: 'x'.repeat(1025) }],
    ['a body that is no object', 'PATCH', '', [1]],
    ['a created id of unsafe characters', 'POST', '/..', { id: 'a/b' }],
  ])("400 in Intune's nested form for %s", async (_, method, up, body) => {
    const reply = await graph(up === '' ? statePath : statesPath, { method, body });
    expect(reply.status).toBe(400);
    expect(intuneMessage(reply)).toMatch(/ - Activity ID: [0-9a-f-]{36} - Url: https:\/\/fef\./);
    expect((await entries()).at(-1)).toMatchObject({ applied: false });
  });

  test.each<[string, Call]>([
    ['a body that is no JSON', { body: '{' }],
    ['a body without a content type', { body: '{}', headers: { 'content-type': '' } }],
    ['a body of another content type', { body: '{}', headers: { 'content-type': 'text/plain' } }],
  ])('400 for %s', async (_, call) => {
    expect((await graph(statePath, { method: 'PATCH', ...call })).status).toBe(400);
  });

  test.each([
    ['script', () => `/deviceManagement/deviceShellScripts/unknown`],
    ['script of a state', () => statePath.replace(scriptId, 'unknown')],
    ['script of a list', () => statesPath.replace(scriptId, 'unknown')],
    ['script of another kind', () => statePath.replace('deviceShellScripts', 'deviceManagementScripts')],
    ['state', () => `${statesPath}/unknown`],
    ['state with an encoded slash', () => `${statesPath}/a%2Fb`],
    ['state of device states', () => `${statesPath}/unknown/deviceRunStates`],
  ])('404 for an unknown %s', async (_, path) => {
    const reply = await graph(path());
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({ error: { code: 'ResourceNotFound', message: containing('fef.') } });
  });

  test.each([
    ['PUT', () => statePath],
    ['DELETE', () => statesPath],
    ['PATCH', () => `${statesPath}/`],
    ['GET', () => statesPath.replace(scriptId, '')],
    ['PATCH', () => `${statesPath}/%E0%A4%A`],
    ['GET', () => '/deviceManagement/toString'],
    ['GET', () => '/users'],
    ['GET', () => '/$batch'],
    ['POST', () => `${statePath}/deviceRunStates`],
    ['GET', () => `${statePath}/deviceRunStates/x`],
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
    const reply = await graph(`${simulator.url}${path}`);
    expect([reply.status, graphError.parse(reply.json).error.message]).toEqual([400, message]);
  });
});

describe('faults', () => {
  interface Expected {
    /** The status; `broken` when the connection breaks, `silent` when no answer comes. */
    readonly seen: number | 'broken' | 'silent';
    readonly applied: boolean;
    readonly check?: (reply: Reply) => void;
  }
  const expected = {
    throttled: { seen: 429, applied: false, check: (reply) => expect(reply.headers.get('retry-after')).toBe('1') },
    'throttled-applied': { seen: 429, applied: true },
    unavailable: { seen: 503, applied: false, check: (reply) => expect(reply.headers.get('retry-after')).toBe('1') },
    'unavailable-bare': { seen: 503, applied: false, check: (r) => expect(r.headers.get('retry-after')).toBeNull() },
    'server-error': {
      seen: 500,
      applied: false,
      check: (reply) => {
        expect(intuneMessage(reply)).toMatch(/^An internal server error has occurred .* Activity ID: .* Url: https:/);
        expect(graphError.parse(reply.json).error.message).toContain('\\"Message\\"');
      },
    },
    'server-error-applied': { seen: 500, applied: true },
    'bad-gateway': { seen: 502, applied: false, check: (reply) => expect(reply.text).toMatch(/^<html>/) },
    'bad-gateway-applied': { seen: 502, applied: true },
    'gateway-timeout': { seen: 504, applied: false, check: (reply) => expect(reply.text).toMatch(/^<html>/) },
    'gateway-timeout-applied': { seen: 504, applied: true },
    reset: { seen: 'broken', applied: false },
    'reset-applied': { seen: 'broken', applied: true },
    stall: { seen: 'silent', applied: false },
    'stall-applied': { seen: 'silent', applied: true },
    truncated: { seen: 'broken', applied: true },
    latency: { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'no-content': { seen: 204, applied: true },
    accepted: { seen: 202, applied: true, check: (reply) => expect(reply.text).toBe('') },
    'accepted-unapplied': { seen: 202, applied: false, check: (reply) => expect(reply.text).toBe('') },
    empty: { seen: 200, applied: true, check: (reply) => expect(reply.text).toBe('') },
    wrapped: { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject({ value: patch }) },
    ignored: { seen: 200, applied: false, check: (reply) => expect(reply.json).not.toMatchObject(patch) },
    malformed: { seen: 200, applied: true, check: (reply) => expect(reply.json).toBeUndefined() },
    incomplete: {
      seen: 200,
      applied: true,
      check: (reply) => expect(Object.keys(entity.parse(reply.json))).not.toContain('successDeviceCount'),
    },
    oversized: {
      seen: 200,
      applied: true,
      check: (reply) => {
        expect(reply.text.length).toBeGreaterThan(4 * 1024 * 1024);
        expect(reply.json).toMatchObject(patch);
      },
    },
    redirect: {
      seen: 302,
      applied: false,
      check: (reply) => expect(reply.headers.get('location')).toBe(`${simulator.baseUrl}/redirected`),
    },
    rejected: { seen: 400, applied: false, check: (reply) => expect(intuneMessage(reply)).toContain('acceptable') },
    conflict: { seen: 409, applied: false },
    'not-found': { seen: 404, applied: false },
    'route-not-implemented': {
      seen: 400,
      applied: false,
      check: (reply) => expect(reply.text).toContain('No method match route template'),
    },
    'forbidden-application': {
      seen: 403,
      applied: false,
      check: (reply) =>
        expect(intuneMessage(reply)).toContain('following scopes: DeviceManagementScripts.ReadWrite.All'),
    },
    'forbidden-user': {
      seen: 403,
      applied: false,
      check: (reply) => expect(intuneMessage(reply)).toMatch(/^User is not authorized to perform this operation/),
    },
    'token-expired': { seen: 401, applied: false },
    'claims-challenge': { seen: 401, applied: false },
    'approval-required': {
      seen: 400,
      applied: false,
      check: (reply) => expect(intuneMessage(reply)).toContain('x-msft-approval-justification'),
    },
    'approval-pending': {
      seen: 412,
      applied: false,
      check: (reply) => expect(intuneMessage(reply)).toContain(reply.headers.get('x-msft-approval-code')),
    },
    'next-link-loop': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'next-link-foreign': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'batch-item-missing': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'batch-item-twice': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'batch-item-foreign': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
    'batch-item-bare': { seen: 200, applied: true, check: (reply) => expect(reply.json).toMatchObject(patch) },
  } satisfies Record<SimulatorFault, Expected>;
  const cases = simulatorFaults.map((fault): [SimulatorFault, Expected] => [fault, expected[fault]]);

  test.each(cases)('%s does to an update what its name says', async (fault, { seen, applied, check }) => {
    const caller = new AbortController();
    const before = entity.parse((await graph(statePath)).json);
    await control('DELETE', '/journal');

    const headers = { 'x-simulator-fault': `${fault};${fault === 'latency' ? 'delayMs=1' : 'retryAfter=seconds'}` };
    const answer = graph(statePath, { method: 'PATCH', body: patch, headers, signal: caller.signal });
    const outcome = answer.catch(() => 'broken' as const);
    await expect.poll(async () => (await entries()).map((entry) => entry['fault'])).toEqual([fault]);
    await expect.poll(async () => (await entries())[0]?.applied).toBe(applied);
    if (seen === 'silent') caller.abort();
    const reply = await outcome;

    expect(reply === 'broken' ? 'broken' : reply.status).toBe(seen === 'silent' ? 'broken' : seen);
    if (reply !== 'broken') check?.(reply);
    const status = fault === 'truncated' ? 200 : typeof seen === 'number' ? seen : null;
    expect(await entries()).toMatchObject([{ fault, status, applied }]);

    const { token: fresh } = issued.parse((await control('POST', '/token', {})).json);
    const after = entity.parse((await graph(statePath, { token: fresh })).json);
    expect(after['successDeviceCount']).toBe(applied ? 77 : before['successDeviceCount']);
  });

  test.each([
    ['next-link-loop', () => `${simulator.baseUrl}${statesPath}`],
    ['next-link-foreign', () => `https://graph.example.net/beta${statesPath}`],
  ])('%s leads a list astray', async (fault, next) => {
    const { json } = await graph(statesPath, { headers: { 'x-simulator-fault': fault } });
    expect(list.parse(json)['@odata.nextLink']).toBe(next());
  });

  test('incomplete spoils the items of a list', async () => {
    const { json } = await graph(statesPath, { headers: { 'x-simulator-fault': 'incomplete' } });
    expect(Object.keys(list.parse(json).value[0] ?? {})).not.toContain('errorDeviceCount');
  });

  test.each(['accepted', 'no-content', 'wrapped', 'empty'])('%s leaves a refusal a refusal', async (fault) => {
    const call = { method: 'PATCH', body: patch, headers: { 'x-simulator-fault': fault } };
    expect((await graph(`${statesPath}/unknown`, call)).status).toBe(404);
  });

  test.each(['throttled', 'unavailable'])('%s says when to come back in every way there is', async (fault) => {
    const ask = (kind: string) => write({ 'x-simulator-fault': `${fault};retryAfter=${kind};delayMs=2128` });
    expect((await ask('seconds')).headers.get('retry-after')).toBe('3');
    expect((await ask('fractional')).headers.get('retry-after')).toBe('2.128');
    expect((await ask('date')).headers.get('retry-after')).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
    for (const [kind, seconds] of [['nested', 3] as const, ['none', null] as const]) {
      const reply = await ask(kind);
      expect(reply.headers.get('retry-after')).toBeNull();
      expect(parseJson(graphError.parse(reply.json).error.message)).toMatchObject({ RetryAfter: seconds });
    }
  });

  test('refuses a header that names no fault', async () => {
    expect((await write({ 'x-simulator-fault': 'nonsense' })).status).toBe(400);
  });

  test('a claims challenge holds for the token until there is one with the claims', async () => {
    const first = await write({ 'x-simulator-fault': 'claims-challenge' });
    const challenge = first.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^PoP realm="[^"]*,[^"]*".*, Bearer realm="", .*error="insufficient_claims", claims="/);
    const again = await write();
    expect([again.status, again.headers.get('www-authenticate')]).toEqual([401, challenge]);

    expect((await simulator.credential.getToken('scope'))?.token).toBe(token);
    const claims = Buffer.from(/claims="([^"]+)"/.exec(challenge)?.[1] ?? '', 'base64').toString();
    token = (await simulator.credential.getToken('scope', { claims }))?.token ?? '';
    expect((await write()).status).toBe(200);
    expect((await simulator.credential.getToken('scope'))?.token).toBe(token);
  });

  test('rules are spent in order, on the requests that match', async () => {
    await control('POST', '/faults', [
      { fault: 'not-found', method: 'get', path: '/userRunStates/', times: 2 },
      { fault: 'conflict', method: 'PATCH' },
      { fault: 'rejected', method: 'PATCH', times: 'always' },
    ]);
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) seen.push((await graph(statePath)).status, (await write()).status);
    expect(seen).toEqual([404, 409, 404, 400, 200, 400]);
    await control('DELETE', '/faults');
    expect((await write()).status).toBe(200);
  });

  test('a path in a rule is matched decoded', async () => {
    await control('POST', '/faults', { fault: 'conflict', path: `${scriptId}:` });
    expect((await graph(statePath)).status).toBe(409);
  });

  test('chance follows the seed', async () => {
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
      for (let turn = 0; turn < 30; turn += 1) {
        seen.push(
          (await graph(`${other.baseUrl}/deviceManagement/deviceShellScripts?$top=1`, { token: 'same' })).status,
        );
      }
      return seen;
    };
    const first = await statuses(5);
    expect(new Set(first)).toEqual(new Set([200, 400, 409]));
    expect(await statuses(5)).toEqual(first);
    expect(await statuses(6)).not.toEqual(first);
  });
});

describe('the quota', () => {
  test('refuses writes beyond it and lets reads through', async () => {
    await control('PATCH', '/settings', { writesPer20s: 2 });
    expect([(await write()).status, (await write()).status]).toEqual([200, 200]);
    const refused = await write();
    expect([refused.status, graphError.parse(refused.json).error.code]).toEqual([429, 'TooManyRequests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await graph(statePath)).status).toBe(200);
    expect((await entries()).map(({ applied }) => applied)).toEqual([true, true, false, false]);
  });

  test('refuses any request beyond its own limit', async () => {
    const { url, baseUrl, credential } = await start({ requestsPer20s: 1 });
    const own = (await credential.getToken('scope'))?.token ?? '';
    expect(url).not.toBe(simulator.url);
    const path = `${baseUrl}/deviceManagement/deviceShellScripts`;
    expect((await graph(path, { token: own })).status).toBe(200);
    expect((await graph(path, { token: own })).status).toBe(429);
  });

  test('slides over 20 s and counts what it refuses', () => {
    let now = 0;
    const quota = createQuota({ ...defaultSettings, writesPer20s: 2 }, () => now);
    const refusedAt = (time: number) => {
      now = time;
      const request = { method: 'PATCH', path: '/', headers: {}, body: '', requestId: '', clientRequestId: '' };
      return quota.refusal({ ...request, batchItem: null })?.headers['Retry-After'];
    };
    expect(refusedAt(0)).toBeUndefined();
    expect(refusedAt(10_000)).toBeUndefined();
    expect(refusedAt(19_000)).toBe('11');
    expect(refusedAt(29_500)).toBe('10');
    expect(refusedAt(39_000)).toBeUndefined();
  });

  test('forgets and counts as if it looked at every arrival', () => {
    let now = 0;
    const settings: Settings = { ...defaultSettings };
    const quota = createQuota(settings, () => now);
    const random = createRandom(7);
    const arrivals: { readonly time: number; readonly read: boolean }[] = [];
    const expectedWait = (read: boolean) => {
      const waits = [
        { limit: settings.requestsPer20s, seen: arrivals },
        { limit: settings.writesPer20s, seen: read ? [] : arrivals.filter((each) => !each.read) },
      ].map(({ limit, seen }) => {
        const recent = seen.filter(({ time }) => time > now - 20_000);
        return recent.length <= limit ? 0 : (recent.at(-limit)?.time ?? 0) + 20_000 - now;
      });
      const wait = Math.max(...waits);
      return wait <= 0 ? undefined : String(Math.ceil(wait / 1000));
    };
    for (let turn = 0; turn < 3000; turn += 1) {
      now += random.below(100) === 0 ? random.below(30_000) : random.below(300);
      if (turn % 100 === 0) settings.writesPer20s = 1 + random.below(100);
      if (turn % 100 === 0) settings.requestsPer20s = 50 + random.below(100);
      const read = random.below(3) === 0;
      arrivals.push({ time: now, read });
      const request = { method: read ? 'GET' : 'PATCH', path: '/', headers: {}, body: '' };
      const refusal = quota.refusal({ ...request, requestId: '', clientRequestId: '', batchItem: null });
      expect(refusal?.headers['Retry-After']).toBe(expectedWait(read));
    }
  });
});

describe('multi admin approval', () => {
  const justification = Buffer.from('Überfällig').toString('base64');

  test('asks for a justification, queues, and applies once when approved', async () => {
    await control('PATCH', '/settings', { approval: true });
    expect(intuneMessage(await write())).toContain('x-msft-approval-justification');
    const queued = await write({ 'x-msft-approval-justification': justification });
    expect(queued.status).toBe(412);
    const code = queued.headers.get('x-msft-approval-code') ?? '';
    expect(intuneMessage(queued)).toContain(code);
    expect((await control('GET', '/approvals')).json).toMatchObject({
      approvals: [{ code, method: 'PATCH', justification: 'Überfällig', approved: false }],
    });

    const headers = { 'x-msft-approval-justification': justification, 'x-msft-approval-code': code };
    const early = await write(headers);
    expect([early.status, early.headers.get('x-msft-approval-code')]).toEqual([412, code]);
    expect((await control('POST', `/approvals/${code}`)).status).toBe(204);

    const other = await graph(statePath, { method: 'PATCH', body: { successDeviceCount: 5 }, headers });
    expect(other.status).toBe(412);
    expect(other.headers.get('x-msft-approval-code')).not.toBe(code);
    expect((await write(headers)).json).toMatchObject(patch);
    expect((await write(headers)).status).toBe(412);
    expect((await entries()).map(({ applied }) => applied)).toEqual([false, false, false, false, true, false]);
  });

  test.each(['not base64!', Buffer.from('x'.repeat(1025)).toString('base64'), Buffer.from([0xff]).toString('base64')])(
    'refuses the justification %#',
    async (text) => {
      await control('PATCH', '/settings', { approval: true });
      expect((await write({ 'x-msft-approval-justification': text })).status).toBe(400);
      expect((await control('GET', '/approvals')).json).toEqual({ approvals: [] });
    },
  );

  test('leaves reads alone, and ignores the headers while it is off', async () => {
    expect((await write({ 'x-msft-approval-code': 'any' })).status).toBe(200);
    await control('PATCH', '/settings', { approval: true });
    expect((await graph(statePath)).status).toBe(200);
  });

  test('a write that a fault queued waits for its approval too', async () => {
    const queued = await write({ 'x-simulator-fault': 'approval-pending' });
    const headers = { 'x-msft-approval-code': queued.headers.get('x-msft-approval-code') ?? '' };
    expect((await write(headers)).status).toBe(412);
    await control('POST', `/approvals/${headers['x-msft-approval-code']}`);
    expect((await write(headers)).status).toBe(200);
  });

  test('knows no other code', async () => {
    expect((await control('POST', '/approvals/unknown')).status).toBe(404);
  });
});

describe('batches', () => {
  const headers = { 'Content-Type': 'application/json' };
  const item = (id: string, more: object = {}) => ({
    id,
    method: 'PATCH',
    url: statePath,
    headers,
    body: patch,
    ...more,
  });

  test('answers every item by its id, in an order of its own', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    const reply = await sendBatch(ids.map((id) => ({ id, method: 'GET', url: statePath })));
    const answered = batchAnswer.parse(reply.json).responses;
    expect(answered.map(({ id }) => id)).not.toEqual(ids);
    expect(answered.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(ids.map(Number));
    expect(answered[0]).toMatchObject({ status: 200, headers: { 'Content-Type': 'application/json' } });
    expect((await entries()).map((entry) => entry['batchItem'])).toEqual([null, ...ids]);
  });

  test('gives each item its own outcome', async () => {
    const seen = await responses([
      item('updated'),
      item('unknown', { url: `${statesPath}/unknown` }),
      item('untyped', { headers: {} }),
      item('versioned', { url: `/beta${statePath}` }),
      item('nested', { method: 'POST', url: '/$batch', body: { requests: [] } }),
      item('throttled', { headers: { ...headers, 'x-simulator-fault': 'throttled' } }),
      item('bodiless', { headers: { ...headers, 'x-simulator-fault': 'no-content' } }),
      { id: 'anonymous', method: 'GET', url: statePath, headers: { Authorization: 'Bearer unknown' } },
    ]);
    expect(Object.fromEntries([...seen].map(([id, { status }]) => [id, status]))).toEqual({
      updated: 200,
      unknown: 404,
      untyped: 400,
      versioned: 400,
      nested: 400,
      throttled: 429,
      bodiless: 204,
      anonymous: 401,
    });
    expect(seen.get('updated')?.body).toMatchObject(patch);
    expect(seen.get('throttled')?.headers).toMatchObject({ 'Retry-After': '1' });
    expect(seen.get('bodiless')?.body).toBeUndefined();
  });

  test('runs an item after those that it depends on, and not at all when one failed', async () => {
    const seen = await responses([
      item('a', { headers: { ...headers, 'x-simulator-fault': 'latency;delayMs=1' } }),
      { id: 'b', method: 'GET', url: statePath, dependsOn: ['a'] },
      item('c', { url: `${statesPath}/unknown` }),
      item('d', { dependsOn: ['b', 'c'] }),
    ]);
    expect(seen.get('b')).toMatchObject({ status: 200, body: patch });
    expect(seen.get('d')).toMatchObject({ status: 424 });
    expect((await entries()).at(-1)).toMatchObject({ batchItem: 'd', status: 424, applied: false });
  });

  test.each<[string, unknown]>([
    ['of more than 20', Array.from({ length: 21 }, (_, index) => item(String(index)))],
    ['of none', []],
    ['of nothing', undefined],
    ['with an id twice', [item('a'), item('a')]],
    ['that depends on what it has not', [item('a', { dependsOn: ['z'] })]],
    ['that depends on itself', [item('a', { dependsOn: ['a'] })]],
    ['with an item without url', [{ id: 'a', method: 'GET' }]],
  ])('refuses a batch %s as a whole', async (_, requests) => {
    expect((await sendBatch(requests)).status).toBe(400);
    expect(await entries()).toMatchObject([{ applied: false }]);
  });

  test('refuses a batch without a token as a whole', async () => {
    expect((await sendBatch([item('a')], { token: null })).status).toBe(401);
  });

  test('counts each item against the quota', async () => {
    await control('PATCH', '/settings', { writesPer20s: 1 });
    const seen = await responses([item('a'), item('b')]);
    expect([seen.get('a')?.status, seen.get('b')?.status]).toEqual([200, 429]);
  });

  test('approvals belong to the item', async () => {
    await control('PATCH', '/settings', { approval: true });
    const justified = { ...headers, 'x-msft-approval-justification': Buffer.from('why').toString('base64') };
    const seen = await responses([item('a', { headers: justified }), item('b')]);
    expect(seen.get('a')).toMatchObject({ status: 412, headers: { 'x-msft-approval-code': aString } });
    expect(seen.get('b')).toMatchObject({ status: 400 });
  });

  test('a connection that breaks under one item breaks under all', async () => {
    const broken = item('b', { headers: { ...headers, 'x-simulator-fault': 'reset' } });
    await expect(sendBatch([item('a'), broken])).rejects.toThrow('fetch failed');
    expect((await entries()).map(({ applied }) => applied)).toEqual([false, true, false]);
  });
});

describe('the simulator itself', () => {
  test('has the same tenant for the same seed, and another for another', async () => {
    expect(await readTenant(3)).toEqual(await readTenant(3));
    expect(await readTenant(3)).not.toEqual(await readTenant(4));
  });

  test('holds some hundred scripts and some thousand states, and scripts without any', async () => {
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

  test('keeps a journal without tokens', async () => {
    const approval = { 'x-msft-approval-justification': 'd2h5', 'x-msft-approval-code': 'code' };
    await write({ 'client-request-id': 'mine', ...approval });
    const requests = [{ id: '1', method: 'GET', url: statePath, headers: { Authorization: `Bearer ${token}` } }];
    await sendBatch(requests);
    const { text } = await control('GET', '/journal');
    expect(text).not.toContain(token);
    expect(parseJson(text)).toEqual({
      entries: [
        {
          n: aNumber,
          atMs: aNumber,
          answeredAtMs: aNumber,
          method: 'PATCH',
          path: `/beta${statePath}`,
          status: 200,
          applied: true,
          clientRequestId: 'mine',
          batchItem: null,
          batch: null,
          fault: null,
          body: patch,
          approval: { justification: 'd2h5', code: 'code' },
        },
        expect.objectContaining({ method: 'POST', path: '/beta/$batch', applied: false }),
        expect.objectContaining({ method: 'GET', batchItem: '1', batch: aNumber, body: null, clientRequestId: null }),
      ],
    });
    await control('DELETE', '/journal');
    expect(await entries()).toEqual([]);
  });

  test('keeps the newest 250,000 entries of the journal at least', () => {
    const kept = createJournal();
    const request = { method: 'GET', path: '/', headers: {}, body: '', requestId: '', clientRequestId: '' };
    for (let turn = 0; turn < 720_000; turn += 1) kept.note({ ...request, batchItem: null }, null);
    const shown = kept.entries(0);
    expect(shown.length).toBeGreaterThanOrEqual(250_000);
    expect(shown.length).toBeLessThan(300_000);
    expect(shown[0]).toMatchObject({ n: 720_001 - shown.length });
    expect(kept.entries(719_998)).toMatchObject([{ n: 719_999 }, { n: 720_000 }]);
  });

  test('issues tokens that look like those of Entra, with the roles asked for', async () => {
    const { token: jwt } = issued.parse((await control('POST', '/token', { roles: ['Some.Role'] })).json);
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
  ])('refuses a wrong %s to %s %#', async (method, path, body) => {
    expect((await control(method, path, body)).status).toBe(400);
  });

  test('says what it is', async () => {
    expect((await control('GET', '')).json).toMatchObject({
      about: containing('simulator'),
    });
    expect((await control('GET', '/nothing')).status).toBe(404);
  });

  test('starts with the settings that it is given', async () => {
    const other = await start({ approval: true, latencyMs: 1 });
    const settings = await fetch(`${other.url}/simulator/settings`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await settings.json()).toEqual({ ...defaultSettings, approval: true, latencyMs: 1 });
  });

  test('closes while answers are owed, and twice', async () => {
    const stalled = write({ 'x-simulator-fault': 'stall' }).catch(() => 'closed');
    const late = write({ 'x-simulator-fault': 'latency;delayMs=600000' }).catch(() => 'closed');
    await expect.poll(async () => (await entries()).length).toBe(2);
    await simulator.close();
    expect(await Promise.all([stalled, late])).toEqual(['closed', 'closed']);
    await simulator.close();
  });

  test('refuses to start on a port that is taken', async () => {
    await expect(startSimulator({ port: Number(new URL(simulator.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});
