import { gzipSync } from 'node:zlib';
import request, { type Test } from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectRefused, sendBytes, sendRaw } from '../support/expect-refused.js';
import { usePair } from '../support/pair.js';
import { useService } from '../support/service.js';
import { useKnownState } from '../support/states.js';

const pair = usePair();
const published = useService({ PUBLIC_URL: 'https://scripts.example.com' });
const known = useKnownState(pair);
let port: string;

beforeAll(() => {
  port = pair.service.url.port;
});

const listing = JSON.stringify({ scriptKind: 'deviceShellScript' });

const post = (path: string, body: string | Buffer = '{}', type = 'application/json'): Test =>
  request(pair.service.address).post(path).set('x-csrf', '1').set('content-type', type).send(body);

const get = (path: string, headers: Record<string, string> = {}, { address } = pair.service): Test =>
  request(address)
    .get(path)
    .set({ 'x-csrf': '1', ...headers });

describe('the guard against cross-site request forgery', () => {
  test.each(['', '0', 'true', '1, 1', '11'])('rejects x-csrf: "%s"', (value) =>
    expectRefused(get('/trpc/session.current', { 'x-csrf': value }), 403, 'REQUEST_REFUSED'),
  );

  test('rejects a missing and a repeated x-csrf header', async () => {
    await expectRefused(request(pair.service.address).get('/trpc/session.current'), 403, 'REQUEST_REFUSED');
    const lines = ['GET /trpc/session.current HTTP/1.1', 'host: localhost', 'connection: close'];
    await expectRefused(sendRaw(port, [...lines, 'x-csrf: 1', 'x-csrf: 1']), 403, 'REQUEST_REFUSED');
  });

  test.each(['cross-site', 'same-site', 'none', ''])('rejects Sec-Fetch-Site: "%s"', (site) =>
    expectRefused(
      get('/trpc/session.current', { 'sec-fetch-site': site, origin: `http://localhost:${port}` }),
      403,
      'REQUEST_REFUSED',
    ),
  );

  test('allows Sec-Fetch-Site: same-origin', async () => {
    await get('/trpc/session.current', { 'sec-fetch-site': 'same-origin' }).expect(200);
  });

  test('allows the origin of PUBLIC_URL, by default http://localhost with the actual port', async () => {
    await get('/trpc/session.current', { origin: `http://localhost:${port}` }).expect(200);
    await get('/trpc/session.current', { origin: 'https://scripts.example.com' }, published).expect(200);
  });

  test.each([
    ['null', false],
    ['', false],
    ['http://localhost', false],
    ['http://localhost:3000', false],
    ['https://evil.example', false],
    ['https://scripts.example.com.evil.example', true],
    ['http://scripts.example.com', true],
    ['https://scripts.example.com:8443', true],
    ['http://localhost:3000', true],
  ])('rejects Origin: "%s" (PUBLIC_URL set: %s)', (origin, isSet) =>
    expectRefused(get('/trpc/session.current', { origin }, isSet ? published : pair.service), 403, 'REQUEST_REFUSED'),
  );
});

describe('the guard of request bodies', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'text/plain; application/json',
  ])('rejects the content type %s', (type) => expectRefused(post('/trpc/script.list', listing, type), 415));

  test('rejects a missing content type', async () => {
    const lines = ['POST /trpc/script.list HTTP/1.1', 'host: localhost', 'connection: close', 'x-csrf: 1'];
    await expectRefused(sendRaw(port, [...lines, `content-length: ${listing.length}`], listing), 415);
  });

  test('rejects a compressed body', () =>
    expectRefused(post('/trpc/script.list', gzipSync(listing)).set('content-encoding', 'gzip'), 415));

  test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'accepts the content type %s',
    async (type) => {
      await post('/trpc/script.list', listing, type).expect(200);
    },
  );

  test('rejects bytes that are not UTF-8', () =>
    expectRefused(post('/trpc/script.list', Buffer.from(listing.replace('Shell', '\u00fc'), 'latin1')), 400));

  test('accepts 64 KiB and rejects one byte more', async () => {
    await post('/trpc/script.list', listing.padEnd(64 * 1024)).expect(200);
    await expectRefused(post('/trpc/script.list', listing.padEnd(64 * 1024 + 1)), 413);
  });

  test.each(['{', '{"scriptKind":', 'nonsense', "{'a':1}", '\u0000'])('rejects %j, which is not JSON', (body) =>
    expectRefused(post('/trpc/script.list', body), 400),
  );

  test('rejects an input in the query string that is not JSON', () =>
    expectRefused(get('/trpc/script.list?input=%7B'), 400));
});

describe('every response', () => {
  test.each(['/trpc/session.current', '/trpc/nothing', '/nowhere', '/healthz', '/readyz'])(
    'has a request id, is not cached and does not name the software: %s',
    async (path) => {
      const { headers } = await get(path, { 'x-request-id': 'my-own:id/1+2=3' });
      expect(headers).toMatchObject({ 'x-request-id': 'my-own:id/1+2=3', 'cache-control': 'no-store' });
      expect(headers).not.toHaveProperty('x-powered-by');
      expect((await get(path)).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test.each([
    ['a', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['someone@contoso.example', false],
    ['two words', false],
    ['<script>', false],
    ['"', false],
    ['', false],
  ])('repeats the request id %j: %s', async (id, echoed) => {
    const { headers } = await get('/healthz', { 'x-request-id': id });
    expect(headers['x-request-id'] === id).toBe(echoed);
    expect(headers['x-request-id']).toMatch(/^.{1,128}$/);
  });

  test.each<[string, readonly string[], number]>([
    ['two Host headers', ['GET /healthz HTTP/1.1', 'host: localhost', 'host: other', 'connection: close'], 400],
    ['an invalid Host header', ['GET /healthz HTTP/1.1', 'host: user@localhost', 'connection: close'], 400],
    ['data that is not HTTP', ['NONSENSE'], 400],
    ['a broken header', ['GET / HTTP/1.1', 'host: localhost', 'no colon'], 400],
    ['two lengths', ['POST / HTTP/1.1', 'host: localhost', 'content-length: 1', 'content-length: 2'], 400],
    [
      'a length and chunks',
      ['POST / HTTP/1.1', 'host: localhost', 'content-length: 1', 'transfer-encoding: chunked'],
      400,
    ],
    ['oversized headers', ['GET / HTTP/1.1', 'host: localhost', `x-padding: ${'x'.repeat(32 * 1024)}`], 413],
    [
      'an absolute URL',
      ['GET http://localhost/trpc/session.current HTTP/1.1', 'host: localhost', 'connection: close', 'x-csrf: 1'],
      400,
    ],
    ['an asterisk', ['OPTIONS * HTTP/1.1', 'host: localhost', 'connection: close'], 400],
  ])('has the shape of the contract: %s', (_, lines, status) => expectRefused(sendRaw(port, lines), status));
});

test('rejects HTTP/1.1 without a Host header, and CONNECT, before the app', async () => {
  const withoutHost = ['GET /trpc/session.current HTTP/1.1', 'x-csrf: 1'];
  expect(await sendBytes(port, `${withoutHost.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await sendBytes(port, 'CONNECT localhost:443 HTTP/1.1\r\nhost: localhost:443\r\n\r\n')).toBe('');
});

test('ignores headers that claim another user, host or method', async () => {
  const claims = {
    authorization: 'Bearer of-my-own',
    forwarded: 'host=evil.example;proto=https',
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-http-method-override': 'DELETE',
    'x-user-id': 'somebody',
    'x-user-roles': 'ScriptState.Read',
  };
  for (const path of [
    '/trpc/session.current',
    `/trpc/scriptUserState.get?input=${encodeURIComponent(JSON.stringify(known.target))}`,
  ]) {
    const claimed = await get(path, claims).expect(200);
    expect(claimed.body).toEqual((await get(path)).body);
  }
  const foreign = get('/trpc/session.current', { ...claims, origin: 'https://evil.example' });
  await expectRefused(foreign, 403, 'REQUEST_REFUSED');
});
