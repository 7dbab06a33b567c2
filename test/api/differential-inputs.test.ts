import { describe, expect, test } from 'vitest';
import { procedures } from '../../src/api/router.js';
import {
  batch,
  either,
  get,
  inputsOf,
  invalidInput,
  list,
  mutations,
  paths,
  post,
  queries,
  useComparedApps,
  validInput,
} from '../support/compared-apps.js';

const { apps, expectSame } = useComparedApps();

const plain = paths.filter((path) => procedures.get(path)?.meta?.streamed !== true);

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** JSON, almost JSON, and other text. */
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

test("one app uses the JSON handler, the other tRPC's adapter", async () => {
  expect(await apps.own.sendsChunked()).toBe(false);
  expect(await apps.stock.sendsChunked()).toBe(true);
});

describe.each(paths)('both handlers respond equally to %s with', (path) => {
  test('any text as the input', async () => {
    await expectSame([...either(path), ...texts.flatMap((text) => either(path, text))]);
  });

  test('valid inputs, and valid inputs with more fields', async () => {
    const input = validInput(path);
    const more = JSON.stringify({ ...input, more: 1, '😀': '\ud800' });
    await expectSame([
      ...either(path, input && JSON.stringify(input)),
      ...either(path, more),
      ...either(batch([path]), inputsOf([input])),
    ]);
  });

  test('callers without permission, whatever the input', async () => {
    const input = JSON.stringify(validInput(path));
    for (const person of ['nobody', 'without-role', 'reader', 'defect', 'without-graph']) {
      const headers = { 'x-test-person': person };
      await expectSame([
        ...either(path, input, headers),
        ...either(path, '{', headers),
        ...either(batch([path, 'nothing', path]), inputsOf([validInput(path), {}, invalidInput]), headers),
        ...either(batch([path, path]), '{', headers),
        post('session.current,nothing,script.list,scriptUserState.get,scriptUserState.list?batch=1', '{}', headers),
      ]);
    }
  });
});

describe('both handlers respond equally to request bodies:', () => {
  const bodies: Readonly<Record<string, Buffer>> = {
    'with a byte order mark': Buffer.from(`\uFEFF${list}`),
    'of a byte order mark alone': Buffer.from('\uFEFF'),
    'with a byte order mark at its end': Buffer.from(`${list}\uFEFF`),
    'in UTF-16': Buffer.from(`\uFEFF${list}`, 'utf16le'),
    'in Latin 1': Buffer.from('{"scriptKind":"\u00e9"}', 'latin1'),
    'with a surrogate written as UTF-8': Buffer.from('7b22eda080223a317d', 'hex'),
    'with bytes that are never valid in UTF-8': Buffer.from('7b22ff22fe3a317d', 'hex'),
    'that ends within a character': Buffer.from('7b7df09f98', 'hex'),
    'with an overlong encoding of a slash': Buffer.from('7b22c0af223a317d', 'hex'),
    'of 64 KiB': Buffer.from(list.padEnd(64 * 1024)),
    'of one byte more': Buffer.from(list.padEnd(64 * 1024 + 1)),
    'of 64 KiB that is not JSON': Buffer.alloc(64 * 1024, '{'),
    'of 64 KiB of nested lists': Buffer.from(deep(32 * 1024)),
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

  test('several byte order marks at the start', async () => {
    await expectSame([post('script.list', `\uFEFF\uFEFF${list}`), post('script.list', '\uFEFF\uFEFF')]);
  });

  test('a body in a GET request', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ scriptKind: 'deviceShellScript', more: 1 });
    await expectSame([
      { method: 'GET', path: '/trpc/script.list', body, headers },
      { method: 'GET', path: '/trpc/script.list?input=', body, headers },
      { method: 'GET', path: '/trpc/script.list?batch=1', body: inputsOf([invalidInput]), headers },
      { method: 'GET', path: `/trpc/script.list?input=${encodeURIComponent(list)}`, body: '{', headers },
    ]);
  });

  test('content types', async () => {
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

  test.each(['gzip', 'identity', 'br', 'nonsense', ''])('the content encoding "%s"', async (encoding) => {
    await expectSame(either('script.list', '{}', { 'content-encoding': encoding }));
  });
});

describe('both handlers respond equally to batches:', () => {
  test.each(['session.current', 'scriptUserState.get', 'scriptUserState.update'])(
    'any text as the inputs: %s',
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

  test('1 to 21 calls, all invalid, or all but one to unknown procedures', async () => {
    for (const path of plain) {
      for (let length = 1; length <= 21; length += 4) {
        const filled = Array<string>(length).fill(path);
        const sparse = Array.from({ length }, (_, index) => (index === length - 1 ? path : `nothing${index}`));
        await expectSame([
          ...either(batch(filled), inputsOf(filled.map(() => invalidInput))),
          ...either(batch(sparse), inputsOf(sparse.map(() => invalidInput))),
        ]);
      }
    }
  });

  test.each([1, 2, 7, 20, 21])('%i calls: valid, invalid and to unknown procedures', async (length) => {
    for (const all of [queries, mutations]) {
      const mixed = Array.from({ length }, (_, index) => {
        const path = all[index % all.length] ?? '';
        return index % 5 === 3 ? `nothing${index}` : path === 'scriptUserState.updateMany' ? 'x' : path;
      });
      await expectSame([
        ...either(
          batch(mixed),
          inputsOf(mixed.map((path, index) => (index % 3 === 1 ? invalidInput : validInput(path)))),
        ),
        ...either(batch(mixed), '{}'),
        ...either(batch(mixed)),
      ]);
    }
  });

  test('missing inputs, extra inputs, and inputs under other keys than the index', async () => {
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

  test('unusual paths', async () => {
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

  test('mutations by GET, with and without unknown procedures', async () => {
    await expectSame([
      get('scriptUserState.update', '{}'),
      get('scriptUserState.update,scriptUserState.delete?batch=1', '{}'),
      get('nothing,scriptUserState.delete,nothing?batch=1', '{'),
      get('scriptUserState.create,?batch=1'),
      get('scriptUserState.create', undefined, { 'x-test-person': 'reader' }),
    ]);
    expect((await apps.own.send(get('scriptUserState.update'))).headers).toMatchObject({ allow: 'POST' });
  });
});
