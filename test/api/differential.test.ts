import { isDeepStrictEqual } from 'node:util';
import { createTRPCClient, httpBatchStreamLink } from '@trpc/client';
import * as fc from 'fast-check';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { procedures } from '../../src/api/router.js';
import { type Authenticate, localOperator } from '../../src/auth/authenticate.js';
import type { AppRouter } from '../../src/contract.js';
import type { Graph } from '../../src/graph/graph.js';
import type { StateRef } from '../../src/graph/routes.js';
import { type HandlerComparison, type Seen, type Sent, startHandlerComparison } from '../support/handler-comparison.js';
import { good } from '../support/raw-calls.js';
import { createClient } from '../support/service.js';
import type { FaultRule } from '../support/simulator.js';

/** Who comes in is who the caller says. */
const authenticate: Authenticate = async (request, active) => {
  const roles = ['reader', 'operator'] as const;
  const expiresAt = new Date('2030-01-02T03:04:05.678Z');
  switch (request.get('x-test-person') ?? '') {
    case 'nobody':
      return null;
    case 'without-role':
      return { person: { oid: 'without-role', name: 'Nora \ud800 “Norole”', roles: [] }, expiresAt };
    case 'reader':
      return { person: { oid: 'reader', name: 'Ravi', roles: ['reader'] }, expiresAt };
    case 'without-graph':
      return { person: { oid: 'without-graph', name: 'Olga', roles }, expiresAt };
    case 'defect':
      throw new Error('a defect');
    default:
      return localOperator(request, active);
  }
};

/** What no Graph layer does, as a defect of it would. */
function brokenGraph(real: Graph, oid: string | undefined): Graph {
  if (oid !== 'without-graph') return real;
  return {
    scripts: { list: () => Promise.reject(new Error('a defect')) },
    deviceRunStates: { list: () => Promise.resolve(undefined as never) },
    userStates: {
      ...real.userStates,
      list: () => Promise.resolve({ items: [], nextCursor: undefined } as never),
      get() {
        // oxlint-disable-next-line typescript/only-throw-error
        throw 'no error at all';
      },
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      update: () => Promise.reject(undefined),
    },
  };
}

let comparison: HandlerComparison;
let known: StateRef;
let other: StateRef;

beforeAll(async () => {
  comparison = await startHandlerComparison({ authenticate, graph: brokenGraph });
  const { script, scriptUserState } = createClient(comparison.own.address);
  const scriptKind = 'deviceShellScript';
  const scripts = await script.list.query({ scriptKind });
  for (const { id: scriptId } of scripts.items) {
    const [one, two] = (await scriptUserState.list.query({ scriptKind, scriptId })).items;
    if (one === undefined || two === undefined) continue;
    known = { scriptKind, scriptId, userStateId: one.id };
    other = { scriptKind, scriptId, userStateId: two.id };
    return;
  }
  throw new Error('no script has two user states');
});
afterEach(() => comparison.simulator.reset());
afterAll(() => comparison.stop());

const post = (paths: string, body: Sent['body'], headers: Sent['headers'] = {}): Sent => ({
  method: 'POST',
  path: `/trpc/${paths}`,
  body,
  headers,
});

const get = (paths: string, input?: string, headers: Sent['headers'] = {}): Sent => {
  const query = input === undefined ? '' : `${paths.includes('?') ? '&' : '?'}input=${encodeURIComponent(input)}`;
  return { method: 'GET', path: `/trpc/${paths}${query}`, headers };
};

const either = (paths: string, input?: string, headers?: Sent['headers']): readonly Sent[] => [
  get(paths, input, headers),
  post(paths, input, headers),
];

interface Both {
  readonly own: Seen;
  readonly stock: Seen;
}

interface How {
  /** Makes the same beginning for each of the two. */
  readonly begin?: () => Promise<unknown>;
  readonly at?: HandlerComparison;
}

/** Sends a request to the one and then to the other. */
async function both(sent: Sent, { begin, at = comparison }: How = {}): Promise<Both> {
  await begin?.();
  const own = await at.own.send(sent);
  await begin?.();
  return { own, stock: await at.stock.send(sent) };
}

/** Shows each request that is answered in two ways, with both. @returns the statuses of the answers */
async function expectSame(all: readonly Sent[], how?: How): Promise<readonly number[]> {
  const statuses: number[] = [];
  const different: object[] = [];
  for (const sent of all) {
    const { own, stock } = await both(sent, how);
    statuses.push(own.status);
    if (!isDeepStrictEqual(own, stock)) different.push({ sent, own, stock });
  }
  expect(different).toEqual([]);
  return statuses;
}

const batch = (paths: readonly string[]): string => `${paths.join(',')}?batch=1`;

/** The inputs of a batch as JSON text, from those of its calls. */
const inputsOf = (inputs: readonly (object | string | number | null | undefined)[]): string =>
  JSON.stringify(Object.fromEntries(inputs.map((input, index) => [index, input])));

const paths = [...procedures.keys()];
const queries = paths.filter((path) => procedures.get(path)?.type === 'query');
const mutations = paths.filter((path) => procedures.get(path)?.type === 'mutation');
const plain = paths.filter((path) => procedures.get(path)?.meta?.streamed !== true);

const goodOf = (path: string): object | undefined => (good as Readonly<Record<string, object>>)[path];
const list = JSON.stringify(good['script.list']);
const wrong = { scriptKind: 'none' };

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const full = { successDeviceCount: 3, errorDeviceCount: 4, userPrincipalName: 'somebody@contoso.example' };

/** JSON, nearly JSON, and what is no JSON at all. */
const texts: readonly string[] = [
  'null',
  '[]',
  '[{}]',
  '1',
  '-0',
  '1e999',
  '123456789012345678901234567890',
  '"x"',
  '""',
  'true',
  '{}',
  ' {} ',
  '\n{}\t',
  '{',
  '}',
  '{}{}',
  '{"scriptKind":',
  "{'a':1}",
  '{"a":1,}',
  'undefined',
  'NaN',
  'nonsense',
  ' ',
  '\u0000',
  '{"0":{}}',
  '{"0":null,"1":null}',
  '{"scriptKind":"deviceShellScript","scriptKind":"none"}',
  '{"scriptKind":"none","scriptKind":"deviceShellScript","extra":1}',
  '{"__proto__":{"scriptKind":"deviceShellScript"}}',
  '{"__proto__":null,"constructor":{"prototype":{"polluted":1}},"toString":1}',
  '{"scriptKind":["deviceShellScript"]}',
  '{"scriptKind":"deviceShellScript","cursor":"\\ud800"}',
  '{"scriptKind":"deviceShellScript","cursor":"\\u0000"}',
  '{"scriptKind":"deviceShellScript","cursor":"made-up"}',
  `{"scriptKind":"deviceShellScript","cursor":"${'x'.repeat(9_000)}"}`,
  '{"scriptKind":"\\ud83d\\ude00","\\ud800":"\\udfff","😀":"é","\u2028":"\u2029"}',
  '{"scriptId":"..","userStateId":"%2e","patch":{"successDeviceCount":1e999}}',
  '{"patch":{"successDeviceCount":1.5,"errorDeviceCount":-1,"userPrincipalName":"\\u0007"}}',
  '{"patch":{},"userState":{},"approval":{}}',
  deep(1_000),
  deepObject(1_000),
];

test("the twin is the app with tRPC's own adapter", async () => {
  expect(await comparison.own.sendsChunked()).toBe(false);
  expect(await comparison.stock.sendsChunked()).toBe(true);
});

describe.each(paths)('%s', (path) => {
  test('answers whatever text comes as its input', async () => {
    await expectSame([...either(path), ...texts.flatMap((text) => either(path, text))]);
  });

  test('answers good inputs, and those with something more in them', async () => {
    const input = goodOf(path);
    const more = JSON.stringify({ ...input, more: 1, '😀': '\ud800' });
    await expectSame([
      ...either(path, input && JSON.stringify(input)),
      ...either(path, more),
      ...either(batch([path]), inputsOf([input])),
    ]);
  });

  test('answers people who may not call it, whatever the input', async () => {
    const input = JSON.stringify(goodOf(path));
    for (const person of ['nobody', 'without-role', 'reader', 'defect', 'without-graph']) {
      const headers = { 'x-test-person': person };
      await expectSame([
        ...either(path, input, headers),
        ...either(path, '{', headers),
        ...either(batch([path, 'nothing', path]), inputsOf([goodOf(path), {}, wrong]), headers),
        ...either(batch([path, path]), '{', headers),
        post('session.current,nothing,script.list,scriptUserState.get,scriptUserState.list?batch=1', '{}', headers),
      ]);
    }
  });
});

describe('a body is read in the same way', () => {
  const bodies: Readonly<Record<string, Buffer>> = {
    'with a byte order mark': Buffer.from(`\uFEFF${list}`),
    'of a byte order mark': Buffer.from('\uFEFF'),
    'with a byte order mark at its end': Buffer.from(`${list}\uFEFF`),
    'in UTF-16': Buffer.from(`\uFEFF${list}`, 'utf16le'),
    'in Latin 1': Buffer.from('{"scriptKind":"\u00e9"}', 'latin1'),
    'with a surrogate written as UTF-8': Buffer.from('7b22eda080223a317d', 'hex'),
    'with what is never UTF-8': Buffer.from('7b22ff22fe3a317d', 'hex'),
    'that ends within a character': Buffer.from('7b7df09f98', 'hex'),
    'with a slash written too long': Buffer.from('7b22c0af223a317d', 'hex'),
    'of 64 KiB': Buffer.from(list.padEnd(64 * 1024)),
    'of one byte more': Buffer.from(list.padEnd(64 * 1024 + 1)),
    'of 64 KiB that is no JSON': Buffer.alloc(64 * 1024, '{'),
    'of 64 KiB in which each list is in another': Buffer.from(deep(32 * 1024)),
    'of 64 KiB of zeros': Buffer.alloc(64 * 1024),
    'of 2 MiB': Buffer.alloc(2 * 1024 * 1024, ' '),
  };

  test.each(Object.entries(bodies))('%s', async (_, body) => {
    await expectSame([
      post('script.list', body),
      post('session.current', body),
      post('script.list,nothing,script.list?batch=1', body),
    ]);
  });

  test('that begins with several byte order marks', async () => {
    await expectSame([post('script.list', `\uFEFF\uFEFF${list}`), post('script.list', '\uFEFF\uFEFF')]);
  });

  test('that comes with a GET', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ scriptKind: 'deviceShellScript', more: 1 });
    await expectSame([
      { method: 'GET', path: '/trpc/script.list', body, headers },
      { method: 'GET', path: '/trpc/script.list?input=', body, headers },
      { method: 'GET', path: '/trpc/script.list?batch=1', body: inputsOf([wrong]), headers },
      { method: 'GET', path: `/trpc/script.list?input=${encodeURIComponent(list)}`, body: '{', headers },
    ]);
  });

  test('of any type', async () => {
    const types = [
      undefined,
      '',
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'APPLICATION/JSON',
      'application/json;',
      'application/json; charset=utf-16',
      'application/json, application/json',
      'application/jsonl',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ];
    const all = types.flatMap((type) => either('script.list', '{}', { 'content-type': type }));
    await expectSame([...all, post('script.list', '{}', { 'content-type': ['application/json', 'text/plain'] })]);
  });

  test.each(['gzip', 'identity', 'br', 'nonsense', ''])('with the encoding "%s"', async (encoding) => {
    await expectSame(either('script.list', '{}', { 'content-encoding': encoding }));
  });
});

describe('a batch is taken apart in the same way', () => {
  test.each(['session.current', 'scriptUserState.get', 'scriptUserState.update'])(
    'whatever text comes as the inputs: %s',
    async (path) => {
      const one = batch([path]);
      const two = batch([path, path]);
      const all = texts.flatMap((text) => [
        ...either(one, text),
        ...either(two, text),
        ...either(two, `{"0":${text},"1":null}`),
      ]);
      await expectSame([...either(one), ...either(two), ...all]);
    },
  );

  test('of 1 to 21 calls, all bad or all to nothing but one', async () => {
    for (const path of plain) {
      for (let length = 1; length <= 21; length += 4) {
        const filled = Array<string>(length).fill(path);
        const sparse = Array.from({ length }, (_, index) => (index === length - 1 ? path : `nothing${index}`));
        await expectSame([
          ...either(batch(filled), inputsOf(filled.map(() => wrong))),
          ...either(batch(sparse), inputsOf(sparse.map(() => wrong))),
        ]);
      }
    }
  });

  test.each([1, 2, 7, 20, 21])('of %i calls, good and bad ones and some to nothing', async (length) => {
    for (const all of [queries, mutations]) {
      const mixed = Array.from({ length }, (_, index) => {
        const path = all[index % all.length] ?? '';
        return index % 5 === 3 ? `nothing${index}` : path === 'scriptUserState.updateMany' ? 'x' : path;
      });
      await expectSame([
        ...either(batch(mixed), inputsOf(mixed.map((path, index) => (index % 3 === 1 ? wrong : goodOf(path))))),
        ...either(batch(mixed), '{}'),
        ...either(batch(mixed)),
      ]);
    }
  });

  test('with inputs missing, too many, or under other names than their numbers', async () => {
    const three = 'script.list,scriptUserState.get,script.list?batch=1';
    const inputs = [
      '{"1":{}}',
      '{"2":{"scriptKind":"none"}}',
      '{"0":null,"1":[],"2":"x","3":{},"99":1}',
      '{"00":{},"01":{},"-0":{},"1.0":{},"1e0":{},"+2":{}," 2":{}}',
      '{"__proto__":{"0":{"scriptKind":"deviceShellScript"},"1":{}}}',
      '{"__proto__":[{}, {}],"length":3}',
      '{"constructor":1,"0":{"__proto__":{"scriptKind":"deviceShellScript"}}}',
      '{"0":{"scriptKind":"none"},"0":{"scriptKind":"deviceShellScript","more":1}}',
      '[{"scriptKind":"none"},{},{}]',
      '"abc"',
      'null',
      'false',
    ];
    await expectSame(inputs.flatMap((text) => either(three, text)));
  });

  test('however its paths are written', async () => {
    const written = [
      'session.current,',
      ',session.current',
      ',,session.current,,',
      'session.current,__proto__,constructor,toString,hasOwnProperty',
      'session.current,session,session.current.x,.session.current,session..current',
      'session.current,Session.current,SESSION.CURRENT',
      'session.current,then,catch,_def,createCaller',
      'session.current,x-y',
      'session.current%2Csession.current',
      'session.current,%73ession.current',
      'session.current,session.current%00',
      'session.current;x,session.current',
      'session.current+session.current',
      'script.list,scriptUserState.delete',
      'nothing,nothing',
      '',
    ];
    await expectSame(written.flatMap((named) => either(`${named}?batch=1`, '{}')));
  });

  test('of changes by GET, with and without paths to nothing', async () => {
    await expectSame([
      get('scriptUserState.update', '{}'),
      get('scriptUserState.update,scriptUserState.delete?batch=1', '{}'),
      get('nothing,scriptUserState.delete,nothing?batch=1', '{'),
      get('scriptUserState.create,?batch=1'),
      get('scriptUserState.create', undefined, { 'x-test-person': 'reader' }),
    ]);
    expect((await comparison.own.send(get('scriptUserState.update'))).headers).toMatchObject({ allow: 'POST' });
  });
});

describe('a request line is read in the same way', () => {
  test.each([
    '/trpc',
    '/trpc/',
    '/trpc/nothing',
    '/trpc/scriptUserState',
    '/TRPC/session.current',
    '/trpc/Session.Current',
    '/trpc/session.current/',
    '//trpc/session.current',
    '/trpc//session.current',
    '/trpc/x/session.current',
    '/trpc/x/../session.current',
    '/trpc/./session.current',
    '/trpc/.',
    '/trpc/..',
    '/trpc/%2e%2e',
    '/trpc/x%2Fsession.current',
    '/trpc/%73ession.current',
    '/trpc/session.current%20',
    '/trpc/session.current%00',
    '/trpc/session.current,session.current',
    '/trpc/session.current;x=1',
    '/trpc/session.current#x',
    '/trpc/session.current#?batch=1',
    '/trpc/session.current?batch=1#x',
    '/trpc/session.current?#&batch=2',
    '/trpc/session.current\u00e9',
    '/trpc/__proto__',
    '/trpc/constructor',
    '/trpc/session.__proto__',
    '/trpc/%E0%A4%A',
    '/%',
    '/nowhere',
    '/healthz',
  ])('%s', async (path) => {
    await expectSame(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, path })));
    await expectSame([{ method: 'POST', path, body: '{}' }]);
  });

  test('with a backslash, which an address turns into a slash', async () => {
    await expectSame([
      { path: '/trpc/x\\session.current' },
      { path: '/trpc/\\session.current' },
      { path: '/trpc/session.current\\..\\..\\x' },
      { path: '/trpc/x\\session.current,session.current?batch=1' },
      { path: '/trpc/session.current,x\\session.current?batch=1' },
    ]);
  });

  test('with a fragment, which is no part of what is asked', async () => {
    const written = '?# ?input=# ?input=null# ?input=#&batch=1 ?batch=1# ?batch=1&input=%7B%7D#x #?batch=1'.split(' ');
    for (const path of ['session.current', 'scriptUserState.get', 'session.current,nothing']) {
      await expectSame(written.flatMap((query) => [get(`${path}${query}`), post(`${path}${query}`, '{}')]));
    }
    await expectSame(['/trpc/x#/session.current', '/trpc/x,y#/session.current?batch=1'].map((path) => ({ path })));
  });

  test('whatever its parameters', async () => {
    const written = [
      '?',
      '?&',
      '?input',
      '?input=',
      '?input=&',
      '?input=%7B',
      '?input=%7B%7D',
      '?input=%',
      '?input=%ED%A0%80',
      '?input=%22%ED%A0%80%22',
      '?input=%EF%BB%BF%7B%7D',
      '?input=%00',
      '?input=+%7B+%7D+',
      '?input=null',
      '?input=0',
      '?input=%22%22',
      '?inpu%74=%7B%7D',
      '?input=1&input=2',
      '?INPUT=1',
      '?input[]=1',
      '?input={"scriptKind":"none"}',
      '?batch',
      '?batch=',
      '?batch=0',
      '?batch=2',
      '?batch=true',
      '?batch=%31',
      '?%62atch=1',
      '?batch=1&batch=1',
      '?batch=1&input=',
      '?batch=1&input=null',
      '?batch=1&input=%5B%5D',
      '?batch=1&input=%7B%220%22%3A1%7D',
      '?input=%7B%220%22%3A1%7D&batch=1',
      '?connectionParams=%7B%7D',
      '?lastEventId=1',
      '?x=1',
      '?__proto__=1',
      '??batch=1',
    ];
    for (const path of ['script.list', 'session.current', 'scriptUserState.get', 'scriptUserState.delete']) {
      await expectSame(written.flatMap((query) => [get(`${path}${query}`), post(`${path}${query}`, '{}')]));
    }
  });

  test('longer than headers may be', async () => {
    await expectSame([get('script.list', 'x'.repeat(40_000)), get('script.list', `"${'x'.repeat(20_000)}"`)]);
  });
});

describe('headers are read in the same way', () => {
  const types = [
    '',
    '*/*',
    'application/json',
    'application/jsonl',
    'application/jsonl; q=0.5',
    'APPLICATION/JSONL',
    'text/event-stream',
    'text/html, application/json;q=0.9',
    'text/html,application/jsonl',
    'text/html;q=1 , application/jsonl , x',
    'application/jsonl, application/jsonl',
    'nonsense',
  ];

  test('what is wanted as an answer', async () => {
    for (const name of ['trpc-accept', 'accept', 'Trpc-Accept']) {
      for (const type of types) {
        const headers = { [name]: type };
        await expectSame([
          get('session.current', undefined, headers),
          get('session.current,nothing,script.list?batch=1', '{}', headers),
          post('script.list,session.current?batch=1', '{', headers),
          post('scriptUserState.updateMany', '{}', headers),
          post('scriptUserState.updateMany?batch=1', inputsOf([{ updates: [] }]), headers),
        ]);
      }
    }
    await expectSame(
      [
        { 'trpc-accept': 'application/json', accept: 'application/jsonl' },
        { 'trpc-accept': '', accept: 'application/jsonl' },
        { 'trpc-accept': ['application/jsonl', 'application/jsonl'] },
        { accept: ['text/html', 'application/jsonl'] },
      ].map((headers) => get('session.current?batch=1', undefined, headers)),
    );
  });

  test('who sends it and from where', async () => {
    const all: readonly NonNullable<Sent['headers']>[] = [
      { 'x-csrf': undefined },
      { 'x-csrf': '0' },
      { 'x-csrf': ['1', '1'] },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'cross-site' },
      { 'x-request-id': undefined },
      { 'x-request-id': 'not safe' },
      { 'x-request-id': 'my-own:id/1+2=3' },
      { 'x-http-method-override': 'DELETE' },
      { 'x-trpc-source': 'react', 'last-event-id': '1' },
      { cookie: 'a=b; c', authorization: 'Bearer x' },
      { 'if-none-match': '*', range: 'bytes=0-1', te: 'trailers' },
      { 'x-odd': '\u00e9\u00ff' },
      { constructor: 'x', 'x-__proto__': 'y' },
    ];
    await expectSame(all.flatMap((headers) => either('session.current', '{}', headers)));
    await expectSame(all.flatMap((headers) => either('script.list,nothing?batch=1', '{}', headers)));
  });

  test.each(['LOCALHOST', '127.1', '[::1]:1', '@localhost', 'localhost/x', 'localhost?x', 'evil.example', '', 'a b'])(
    'the host "%s"',
    async (host) => {
      await expectSame(either('session.current', '{}', { host }));
    },
  );

  test('a host with a person in it', async () => {
    await expectSame(either('session.current', '{}', { host: 'somebody@localhost' }));
  });

  test('a host that can be in no address, where hosts are not looked at', async () => {
    const at = await startHandlerComparison({ authenticate, signIn: true });
    try {
      const hosts = ['', 'a b', 'localhost:99999', 'somebody@localhost'];
      await expectSame(
        hosts.flatMap((host) => either('session.current', '{}', { host })),
        { at },
      );
    } finally {
      await at.stop();
    }
  });
});

describe('streams come from the same adapter', () => {
  const headers = { 'trpc-accept': 'application/jsonl' };

  test('in the same lines', async () => {
    const sent = [
      get('session.current?batch=1', undefined, headers),
      get('session.current?batch=1', undefined, { accept: 'application/jsonl' }),
      post('session.current,nothing,script.list?batch=1', '{}', headers),
      post('scriptUserState.updateMany?batch=1', inputsOf([{ updates: [] }]), headers),
      post('scriptUserState.updateMany?batch=1', '{', headers),
    ];
    expect(await expectSame(sent)).toEqual([200, 200, 200, 200, 200]);
    for (const each of sent) {
      const { headers: told, body } = await comparison.own.send(each);
      expect(told).toMatchObject({ 'content-type': 'application/json', vary: 'trpc-accept, accept' });
      expect(body).toContainEqual(expect.objectContaining({ 0: expect.any(Array) as unknown }));
    }
  });

  test.each(['own', 'stock'] as const)('and are read by the client of tRPC: %s', async (handler) => {
    const url = `${comparison[handler].address}/trpc`;
    const links = [httpBatchStreamLink({ url, headers: { 'x-csrf': '1' } })];
    const client = createTRPCClient<AppRouter>({ links });
    const results = [];
    const updates = [
      { ...known, patch: full },
      { ...known, userStateId: 'nobody', patch: full },
    ];
    for await (const result of await client.scriptUserState.updateMany.mutate({ updates })) results.push(result);
    expect(results).toContainEqual({ done: 2, total: 2 });
    expect(results).toContainEqual({ index: 0, ok: true, userState: { id: known.userStateId, ...full } });
    expect(results).toContainEqual(expect.objectContaining({ index: 1, ok: false }));
    const [session, scripts] = await Promise.all([
      client.session.current.query(),
      client.script.list.query({ scriptKind: 'deviceShellScript' }),
    ]);
    expect(session.user.oid).toBe('local-operator');
    expect(scripts.items).not.toEqual([]);
  });
});

describe('Graph has its say in the same way', () => {
  const base = { successDeviceCount: 1, errorDeviceCount: 2, userPrincipalName: 'before@contoso.example' };

  const read = () => post('scriptUserState.get', JSON.stringify(known));
  const update = (more: object = {}) =>
    post('scriptUserState.update', JSON.stringify({ ...known, patch: full, ...more }));
  const calls = { GET: read, PATCH: update };

  /** The same beginning: the state as it was, and these rules, of which none is spent. */
  const beginWith = (rules: readonly FaultRule[]) => async () => {
    await comparison.simulator.reset();
    const before = await comparison.own.send(post('scriptUserState.update', JSON.stringify({ ...known, patch: base })));
    expect(before.status).toBe(200);
    await comparison.simulator.reset();
    await comparison.simulator.fault(...rules);
  };

  const always = { times: 'always', delayMs: 17_000 } as const;

  test.each<[FaultRule['fault'], ...('GET' | 'PATCH')[]]>([
    ['throttled', 'GET', 'PATCH'],
    ['throttled-applied', 'PATCH'],
    ['unavailable', 'GET', 'PATCH'],
    ['server-error', 'GET', 'PATCH'],
    ['server-error-applied', 'PATCH'],
    ['bad-gateway', 'PATCH'],
    ['reset', 'PATCH'],
    ['reset-applied', 'PATCH'],
    ['truncated', 'PATCH'],
    ['no-content', 'GET', 'PATCH'],
    ['accepted', 'PATCH'],
    ['empty', 'GET'],
    ['wrapped', 'GET', 'PATCH'],
    ['malformed', 'GET'],
    ['incomplete', 'GET'],
    ['oversized', 'GET'],
    ['redirect', 'GET', 'PATCH'],
    ['rejected', 'GET', 'PATCH'],
    ['conflict', 'GET', 'PATCH'],
    ['not-found', 'GET', 'PATCH'],
    ['route-not-implemented', 'GET', 'PATCH'],
    ['forbidden-application', 'GET', 'PATCH'],
    ['forbidden-user', 'GET', 'PATCH'],
    ['token-expired', 'GET', 'PATCH'],
    ['approval-required', 'PATCH'],
    ['approval-pending', 'PATCH'],
  ])('with %s', async (fault, ...methods) => {
    for (const method of methods)
      await expectSame([calls[method]()], { begin: beginWith([{ ...always, fault, method }]) });
  });

  test.each(['seconds', 'fractional', 'nested'] as const)('with a wait told in %s', async (retryAfter) => {
    const fault = { ...always, fault: 'throttled', method: 'GET', retryAfter, delayMs: 4_500 } as const;
    await expectSame([read()], { begin: beginWith([fault]) });
  });

  test('with nothing at all, until the time is over', async () => {
    await beginWith([{ ...always, fault: 'stall', method: 'GET' }])();
    const [own, stock] = await Promise.all([comparison.own.send(read()), comparison.stock.send(read())]);
    expect(own).toEqual(stock);
    expect(own.status).toBe(504);
  });

  test('once, before all is well', async () => {
    const once = { fault: 'unavailable', method: 'GET', delayMs: 10 } as const;
    expect(await expectSame([read()], { begin: beginWith([once]) })).toEqual([200]);
  });

  test('of the calls of a batch, each in its own way; the longest wait counts', async () => {
    const target = (userStateId: string) => ({ ...known, userStateId });
    const rules = [
      { ...always, fault: 'throttled', path: 'state-a', delayMs: 8_000 },
      { ...always, fault: 'throttled', path: 'state-b', delayMs: 11_000 },
      { ...always, fault: 'forbidden-application', path: 'state-c' },
      { ...always, fault: 'unavailable', path: 'state-d', delayMs: 9_500 },
      { ...always, fault: 'rejected', path: 'state-e' },
    ] as const satisfies readonly FaultRule[];
    const ids = ['state-a', 'state-b', 'state-c', known.userStateId, 'state-d', 'state-e', '../x'];
    const reads = [...ids.map(() => 'scriptUserState.get'), 'nothing', 'session.current'];
    const writes = [...ids.map(() => 'scriptUserState.update'), 'nothing', 'scriptUserState.delete'];
    const readBatch = inputsOf(ids.map(target));
    const writeBatch = inputsOf(ids.map((id) => ({ ...target(id), patch: full })));
    const all = [...either(batch(reads), readBatch), post(batch(writes), writeBatch)];
    expect(await expectSame(all, { begin: beginWith(rules) })).toEqual([207, 207, 207]);
    expect((await comparison.own.send(get(batch(reads), readBatch))).headers).toMatchObject({ 'retry-after': '11' });
    const throttled = batch(Array<string>(2).fill('scriptUserState.get'));
    expect(
      await expectSame(either(throttled, inputsOf([target('state-a'), target('state-b')])), {
        begin: beginWith(rules),
      }),
    ).toEqual([429, 429]);
  });

  test('in its lists, page by page', async () => {
    const { scriptKind, scriptId } = known;
    await expectSame([
      ...either('script.list', list),
      ...either('scriptUserState.list', JSON.stringify({ scriptKind, scriptId })),
      ...either('deviceRunState.list', JSON.stringify(known)),
      ...either(
        'script.list,scriptUserState.list,deviceRunState.list?batch=1',
        inputsOf([wrong, { scriptKind, scriptId }, known]),
      ),
    ]);
    const path = `/trpc/script.list?input=${encodeURIComponent(list)}`;
    const { body } = (await supertest(comparison.own.address).get(path).set('x-csrf', '1')) as {
      body: { result: { data: { nextCursor: string } } };
    };
    const { nextCursor: cursor } = body.result.data;
    expect(await expectSame(either('script.list', JSON.stringify({ scriptKind, cursor })))).toEqual([200, 200]);
  });

  test('of changes: made, unmade, made twice, and of nothing', async () => {
    const { scriptKind, scriptId } = known;
    const mine = { scriptKind, scriptId, userStateId: 'made-here' };
    const create = post(
      'scriptUserState.create',
      JSON.stringify({ scriptKind, scriptId, userState: { ...full, id: 'made-here' } }),
    );
    const unmake = post('scriptUserState.delete', JSON.stringify(mine));
    const make = () => comparison.own.send(create);
    const remove = () => comparison.own.send(unmake);
    expect(await expectSame([create], { begin: remove })).toEqual([200]);
    expect(await expectSame([create], { begin: make })).toEqual([409]);
    expect(await expectSame([unmake], { begin: make })).toEqual([200]);
    expect(await expectSame([unmake], { begin: remove })).toEqual([404]);
    expect(await expectSame([update(), post('scriptUserState.update', '{}')])).toEqual([200, 400]);
  });

  test('of 20 changes in one batch, in their order', async () => {
    const updates = Array.from({ length: 20 }, (_, index) => ({
      ...(index % 2 === 0 ? known : other),
      patch: { ...full, successDeviceCount: index },
    }));
    const sent = post(batch(updates.map(() => 'scriptUserState.update')), inputsOf(updates));
    const asked = async (handler: 'own' | 'stock') => {
      await comparison.simulator.reset();
      expect((await comparison[handler].send(sent)).status).toBe(200);
      return (await comparison.simulator.journal()).map(({ method, path, body, batchItem }) => [
        method,
        path,
        batchItem === null && path.endsWith('$batch') ? null : body,
      ]);
    };
    expect(await expectSame([sent])).toEqual([200]);
    expect(await asked('own')).toEqual(await asked('stock'));
  });

  test('that wants an approval', async () => {
    await comparison.simulator.settings({ approval: true });
    try {
      expect(
        await expectSame([
          update(),
          update({ approval: { justification: 'as agreed' } }),
          update({ approval: { justification: 'as agreed', code: 'made-up' } }),
          update({ approval: { justification: '' } }),
          post('scriptUserState.update,scriptUserState.delete?batch=1', inputsOf([{ ...known, patch: full }, other])),
        ]),
      ).toEqual([428, 412, 412, 400, 428]);
    } finally {
      await comparison.simulator.settings({ approval: false });
    }
  });
});

describe('whatever the request, the answer is the same', () => {
  const unknown = fc.oneof(
    fc.constantFrom('nothing', 'session', 'session.current.x', '__proto__', 'constructor', 'Script.list', '.'),
    fc.stringMatching(/^[\w.]{0,12}$/),
  );
  const odd = fc.string({ unit: 'binary', maxLength: 8 }).map(encodeURIComponent);
  const pathOf = (all: readonly string[]) =>
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...all) },
      { weight: 4, arbitrary: unknown },
      { weight: 1, arbitrary: odd },
    );

  const value = fc.jsonValue({ maxDepth: 3 });
  const field = fc.oneof(fc.constant(undefined), value);
  const near = fc.record(
    {
      scriptKind: fc.oneof(fc.constantFrom('deviceShellScript', 'deviceManagementScript', 'none'), field),
      scriptId: fc.oneof(fc.constantFrom('script', '..', ''), field),
      userStateId: fc.oneof(fc.constantFrom('state', 'a/b'), field),
      cursor: fc.oneof(fc.constant(undefined), fc.string({ unit: 'binary' }), field),
      patch: fc.oneof(
        fc.constantFrom(full, {}),
        fc.record({ successDeviceCount: field, errorDeviceCount: field }),
        field,
      ),
      userState: fc.oneof(fc.constantFrom({ ...full, id: 'x' }, full), field),
      approval: fc.oneof(fc.constant(undefined), fc.record({ justification: field, code: field })),
    },
    { requiredKeys: [] },
  );
  /** Inputs of a call, of which some are good ones. */
  const inputOf = (path: string) => {
    const right = fc.constant<unknown>(
      path === 'scriptUserState.update' ? { ...good[path], patch: full } : goodOf(path),
    );
    return fc.oneof(
      { weight: 2, arbitrary: right },
      { weight: 3, arbitrary: value },
      { weight: 4, arbitrary: near },
      { weight: 2, arbitrary: near.map((more) => ({ ...goodOf(path), ...more })) },
    );
  };

  /** Mostly the text as it is; now and then with a piece of it replaced. */
  const written = (text: string) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(text) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.nat(text.length), fc.nat(3), fc.constantFrom('', '{', '"', ',', '\\', '\uFEFF', '\u0000', ' '))
          .map(([at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length))
          // The cut may have left half a character.
          .map((cut) => cut.replaceAll(/\p{Cs}/gu, '\uFFFD')),
      },
    );

  const headers = fc.record(
    {
      'x-test-person': fc.constantFrom('nobody', 'without-role', 'reader', 'without-graph'),
      'trpc-accept': fc.constantFrom('application/json', 'text/event-stream', ''),
      accept: fc.constantFrom('*/*', 'application/json', 'text/html, x/y'),
      'content-type': fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain'),
    },
    { requiredKeys: [] },
  );
  const mostlyPlain = fc.oneof(
    { weight: 5, arbitrary: fc.constant<NonNullable<Sent['headers']>>({}) },
    { weight: 1, arbitrary: headers },
  );

  const byEither = (named: string, text: string, more: Sent['headers'], byGet: boolean): Sent =>
    byGet ? get(named, text, more) : post(named, text, more);

  async function expectSameFor(requests: fc.Arbitrary<Sent>, numRuns: number): Promise<void> {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        const { own, stock } = await both(sent);
        expect(own).toEqual(stock);
      }),
      { numRuns },
    );
  }

  test('to a single call', async () => {
    const single = pathOf(paths).chain((path) =>
      inputOf(path)
        .chain((input) => written(JSON.stringify(input) ?? ''))
        .chain((text) => fc.tuple(mostlyPlain, fc.boolean()).map(([more, byGet]) => byEither(path, text, more, byGet))),
    );
    await expectSameFor(single, 400);
  });

  test('to a batch', async () => {
    const named = fc
      .constantFrom(
        queries,
        mutations.filter((path) => path !== 'scriptUserState.updateMany'),
        paths,
      )
      .chain((all) => fc.array(pathOf(all), { minLength: 1, maxLength: 21, size: 'max' }));
    const text = (all: readonly string[]) =>
      fc
        .tuple(...all.map((path) => fc.option(inputOf(path), { freq: 6, nil: undefined })))
        .chain((inputs) =>
          fc
            .oneof(
              { weight: 8, arbitrary: fc.constant<unknown>(Object.fromEntries(inputs.entries())) },
              { weight: 1, arbitrary: fc.constant<unknown>(inputs) },
              { weight: 1, arbitrary: value },
            )
            .chain((whole) => written(JSON.stringify(whole) ?? '')),
        );
    const batches = named.chain((all) =>
      fc
        .tuple(text(all), mostlyPlain, fc.boolean())
        .map(([inputs, more, byGet]) => byEither(batch(all), inputs, more, byGet)),
    );
    await expectSameFor(batches, 300);
  });

  test('with any bytes as a body', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((some) => Buffer.from(some)),
      fc
        .tuple(fc.uint8Array({ maxLength: 3 }), fc.nat(list.length), fc.constantFrom('', '\uFEFF', '\uFEFF\uFEFF'))
        .map(([some, at, mark]) =>
          Buffer.concat([Buffer.from(mark + list.slice(0, at)), some, Buffer.from(list.slice(at))]),
        ),
    );
    const requests = fc
      .tuple(
        fc.constantFrom('GET', 'POST', 'POST'),
        fc.constantFrom('scriptUserState.get', 'scriptUserState.get,nothing?batch=1', 'session.current'),
        bytes,
      )
      .map(([method, named, body]): Sent => {
        return { method, path: `/trpc/${named}`, body, headers: { 'content-type': 'application/json' } };
      });
    await expectSameFor(requests, 300);
  });

  test('with any parameters', async () => {
    const piece = fc.constantFrom(
      ...'batch =1 = & ? input % %7B %7D { } %22 " 0 : 1 + # input= batch=1 &input=%7B%220%22:1%7D'.split(' '),
      ...'%EF%BB%BF %ED%A0%80 null [] ; , \u00ff'.split(' '),
    );
    const requests = fc
      .tuple(fc.constantFrom('scriptUserState.get', 'session.current,nothing'), fc.array(piece, { maxLength: 8 }))
      .map(([named, pieces]): Sent => ({ path: `/trpc/${named}?${pieces.join('')}` }));
    await expectSameFor(requests, 300);
  });

  test('with any path', async () => {
    const pieces = ', . / \\ .. %2e %2F %2C % ; : @ %00 x ?batch=1 # ~ * ( \u00e9 %C3%A9 $ %5C'.split(' ');
    const some = fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((all) => all.join(''));
    const little = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, some);
    const named = fc.constantFrom('session.current', 'session.current,x', 'x,script.list');
    const requests = fc
      .tuple(some, named, little, fc.constantFrom('', '?batch=1'))
      .map((all): Sent => ({ path: `/trpc/${all.join('')}` }));
    await expectSameFor(requests, 400);
  });
});
