import { createTRPCClient, httpBatchStreamLink } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import type { AppRouter } from '../../src/contract.js';
import { authenticate, either, full, get, inputsOf, post, useComparedApps } from '../support/compared-apps.js';
import { type Sent, startHandlerComparison } from '../support/handler-comparison.js';

const { apps, expectSame } = useComparedApps();

describe('both handlers respond equally to request targets:', () => {
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

  test('backslashes, which URL parsers turn into slashes', async () => {
    await expectSame([
      { path: '/trpc/x\\session.current' },
      { path: '/trpc/\\session.current' },
      { path: '/trpc/session.current\\..\\..\\x' },
      { path: '/trpc/x\\session.current,session.current?batch=1' },
      { path: '/trpc/session.current,x\\session.current?batch=1' },
    ]);
  });

  test('fragments', async () => {
    const written = '?# ?input=# ?input=null# ?input=#&batch=1 ?batch=1# ?batch=1&input=%7B%7D#x #?batch=1'.split(' ');
    for (const path of ['session.current', 'scriptUserState.get', 'session.current,nothing']) {
      await expectSame(written.flatMap((query) => [get(`${path}${query}`), post(`${path}${query}`, '{}')]));
    }
    await expectSame(['/trpc/x#/session.current', '/trpc/x,y#/session.current?batch=1'].map((path) => ({ path })));
  });

  test('query parameters', async () => {
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

  test('longer than the limit for headers', async () => {
    await expectSame([get('script.list', 'x'.repeat(40_000)), get('script.list', `"${'x'.repeat(20_000)}"`)]);
  });
});

describe('both handlers respond equally to headers:', () => {
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

  test('accepted response types', async () => {
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

  test('origin, credentials and others', async () => {
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
    'Host: "%s"',
    async (host) => {
      await expectSame(either('session.current', '{}', { host }));
    },
  );

  test('a host with user information', async () => {
    await expectSame(either('session.current', '{}', { host: 'somebody@localhost' }));
  });

  test('invalid hosts with sign-in, when the host need not be local', async () => {
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

describe('streams of both handlers', () => {
  const headers = { 'trpc-accept': 'application/jsonl' };

  test('have the same lines', async () => {
    const sent = [
      get('session.current?batch=1', undefined, headers),
      get('session.current?batch=1', undefined, { accept: 'application/jsonl' }),
      post('session.current,nothing,script.list?batch=1', '{}', headers),
      post('scriptUserState.updateMany?batch=1', inputsOf([{ updates: [] }]), headers),
      post('scriptUserState.updateMany?batch=1', '{', headers),
    ];
    expect(await expectSame(sent)).toEqual([200, 200, 200, 200, 200]);
    for (const each of sent) {
      const { headers: responseHeaders, body } = await apps.own.send(each);
      expect(responseHeaders).toMatchObject({ 'content-type': 'application/json', vary: 'trpc-accept, accept' });
      expect(body).toContainEqual(expect.objectContaining({ 0: expect.any(Array) as unknown }));
    }
  });

  test.each(['own', 'stock'] as const)("work with tRPC's client: %s", async (handler) => {
    const url = `${apps[handler].address}/trpc`;
    const links = [httpBatchStreamLink({ url, headers: { 'x-csrf': '1' } })];
    const client = createTRPCClient<AppRouter>({ links });
    const results = [];
    const updates = [
      { ...apps.known, patch: full },
      { ...apps.known, userStateId: 'nobody', patch: full },
    ];
    for await (const result of await client.scriptUserState.updateMany.mutate({ updates })) results.push(result);
    expect(results).toContainEqual({ type: 'progress', done: 2, total: 2 });
    expect(results).toContainEqual({
      type: 'result',
      index: 0,
      ok: true,
      userState: { id: apps.known.userStateId, ...full },
    });
    expect(results).toContainEqual(expect.objectContaining({ index: 1, ok: false }));
    const [session, scripts] = await Promise.all([
      client.session.current.query(),
      client.script.list.query({ scriptKind: 'deviceShellScript' }),
    ]);
    expect(session.user.oid).toBe('local-operator');
    expect(scripts.items).not.toEqual([]);
  });
});
