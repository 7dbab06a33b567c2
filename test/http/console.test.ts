import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import supertest from 'supertest';
import { expect, test } from 'vitest';
import { useService } from '../support/service.js';

const service = useService();

const get = (path: string) => supertest(service.address).get(path);
const page = async () =>
  (
    await get('/')
      .expect(200)
      .expect('content-type', /text\/html/)
  ).text;
/** The scripts that the page loads before it renders. */
const initial = (html: string) => [
  ...new Set(
    [...html.matchAll(/<(?:script|link rel="modulepreload")[^>]* (?:src|href)="([^"]+)"/g)].map(
      ([, path]) => path ?? '',
    ),
  ),
];

test('the page is not cached, and each response has its own nonce', async () => {
  const answers = await Promise.all([get('/'), get('/')]);
  const nonces = answers.map(({ text, headers }) => {
    expect(headers['cache-control']).toBe('no-store');
    const nonce = /<meta property="csp-nonce" nonce="([^"]+)"/.exec(text)?.[1];
    expect(headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}';`);
    expect(headers['content-security-policy']).toContain("script-src 'self';");
    expect(text).not.toContain('CSP_NONCE');
    return nonce;
  });
  expect(new Set(nonces).size).toBe(2);
});

const scriptPath = '/scripts/deviceShellScript/0f0e0d0c-0000-4000-8000-000000000001';

test.each([
  scriptPath,
  `${scriptPath}?view=errors&find=a%26b`,
  '/scripts/deviceManagementScript/an.id_of-256:characters',
  '/scripts/deviceCustomAttributeShellScript/an%3Aid',
  '/people/0f0e0d0c-0000-4000-8000-000000000002',
  '/activity',
  '/activity/0f0e0d0c-0000-4000-8000-000000000003',
])('%s serves the page with its own nonce', async (path) => {
  const [start, { text, headers }] = await Promise.all([page(), get(path).expect(200)]);
  const nonce = /<meta property="csp-nonce" nonce="([^"]+)"/.exec(text)?.[1];
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'content-security-policy': expect.stringContaining(`style-src 'self' 'nonce-${nonce}';`) as unknown,
  });
  expect(initial(text)).toEqual(initial(start));
  // At any depth of the path, the page loads the same assets.
  expect(initial(text).every((asset) => asset.startsWith('/assets/'))).toBe(true);
});

test.each([
  '/scripts',
  '/scripts/',
  '/scripts/deviceShellScript',
  '/scripts/deviceHealthScript/id',
  '/scripts/deviceShellScript/an%20id',
  '/scripts/deviceShellScript/a%2fb',
  '/scripts/deviceShellScript/id/more',
  `/scripts/deviceShellScript/${'a'.repeat(257)}`,
  '/Scripts/deviceShellScript/id',
  '/people',
  '/people/a:b',
  '/people/id/',
  '/people/%E0%A4%A',
  '/activity/',
  '/activity/a-job',
  '/activities',
])('%s belongs to no page', async (path) => {
  const response = await get(path).expect(404);
  expect(response.headers['content-type']).toContain('application/json');
  expect(response.body).toMatchObject({ error: { data: { reason: 'INVALID_INPUT', code: 'NOT_FOUND' } } });
});

test.each(['/activity/a-job', '/nothing', '/scripts/deviceHealthScript/id'])(
  '%s shows a browser that it does not exist',
  async (path) => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const { text, headers } = await get(path).set('accept', accept).expect(404);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    expect(initial(text)).toEqual(initial(await page()));
    expect(headers['content-security-policy']).toContain("'nonce-");
    expect(headers['vary']).toBe('accept');
    const head = await supertest(service.address).head(path).set('accept', accept).expect(404);
    expect(head.headers['content-type']).toBe(headers['content-type']);
    expect((await get(path).set('accept', '*/*').expect(404)).headers['content-type']).toContain('application/json');
  },
);

test('a conditional request gets a new page', async () => {
  await get('/').set('if-none-match', '*').expect(200);
});

test('every response forbids browser features that the console does not use', async () => {
  for (const path of ['/', '/activity', '/healthz', '/trpc/session.current', '/nothing-here']) {
    const { headers } = await get(path);
    expect(headers['permissions-policy']).toMatch(/(?:^|, )camera=\(\)(?:,|$)/);
    expect(headers['permissions-policy']).not.toContain('clipboard');
  }
});

test('the assets of the page are compressed and immutable', async () => {
  for (const path of initial(await page())) {
    const { headers } = await get(path).set('accept-encoding', 'gzip').expect(200);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    // Compression does not pay off for a file that fits into one packet.
    const long = readFileSync(`dist/console${path}`).length > 1024;
    expect(headers['content-encoding']).toBe(long ? 'gzip' : undefined);
    expect(headers['content-type']).toContain('text/javascript');
  }
});

test.each([
  ['gzip, deflate, br, zstd', 'br', '.br'],
  ['gzip;q=1.0, br;q=0.5', 'br', '.br'],
  ['gzip', 'gzip', '.gz'],
  ['gzip, br;q=0', 'gzip', '.gz'],
  ['identity', undefined, ''],
  ['gzip;q=0, br;q=0', undefined, ''],
  ['zstd', undefined, ''],
])('Accept-Encoding: "%s" gets the encoding %s', async (acceptEncoding, encoding, suffix) => {
  const script = /<script [^>]*src="(\/assets\/[^"]+\.js)"/.exec(await page())?.[1] ?? '';
  const file = `dist/console${script}`;
  const { headers, text } = await get(script).set('accept-encoding', acceptEncoding).expect(200);
  expect(headers).toMatchObject({
    'content-type': expect.stringMatching(/^text\/javascript; charset=utf-8$/i) as unknown,
    'content-length': String(statSync(`${file}${suffix}`).size),
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  expect(headers['content-encoding']).toBe(encoding);
  expect(text).toBe(readFileSync(file, 'utf8'));
});

test('the page loads at most 175 kB of compressed script before it renders', async () => {
  const paths = initial(await page());
  expect(paths.length).toBeGreaterThan(0);
  const sizes = paths.map((path) => gzipSync(readFileSync(`dist/console${path}`)).length);
  expect(sizes.reduce((total, size) => total + size, 0)).toBeLessThan(175_000);
});

test('the JSON Schemas are compressed, and cached for five minutes', async () => {
  const response = await get('/schemas.json').set('accept-encoding', 'br').expect(200);
  expect(response.headers).toMatchObject({
    'content-type': expect.stringContaining('application/json') as unknown,
    'content-encoding': 'br',
    'cache-control': 'public, max-age=300',
  });
  expect(Object.keys(response.body as object)).toEqual(['procedures', 'error']);
  await get('/schemas.json')
    .set('if-none-match', String(response.headers['etag']))
    .set('accept-encoding', 'br')
    .expect(304);
  for (const path of ['/schemas.json.br', '/schemas.json/', '/%73chemas.json']) await get(path).expect(404);
});

test.each(['/assets/none.js', '/assets/', '/assets', '/assets/..%2findex.html', '/index.html', '/icon.svg'])(
  '%s is not found',
  async (path) => {
    const { body } = (await get(path).expect(404)) as { body: unknown };
    expect(body).toMatchObject({ error: { data: { reason: 'INVALID_INPUT', code: 'NOT_FOUND' } } });
  },
);

test('the page rejects methods other than GET and HEAD', async () => {
  for (const path of ['/', scriptPath]) {
    await supertest(service.address).head(path).expect(200);
    await supertest(service.address).post(path).expect(404);
  }
});

test('the log names the routes of the page and its assets', async () => {
  const [path = ''] = initial(await page());
  await get(path);
  await get(scriptPath);
  await expect.poll(() => service.lines({ route: '/assets', status: 200 }).length).toBeGreaterThan(0);
  expect(service.lines({ route: '/scripts/:scriptKind/:scriptId', status: 200 }).length).toBeGreaterThan(0);
  expect(service.lines({ route: '/', status: 200 }).length).toBeGreaterThan(0);
});

test.each([
  ['if-match', '"another"'],
  ['if-unmodified-since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['range', 'bytes=99999999-'],
])('an error under /assets is neither compressed nor cached: %s', async (name, value) => {
  const script = /<script [^>]*src="(\/assets\/[^"]+\.js)"/.exec(await page())?.[1] ?? '';
  const response = await get(script).set('accept-encoding', 'br').set(name, value).expect(400);
  expect(response.headers).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
  });
  for (const own of ['content-encoding', 'etag', 'last-modified', 'content-range']) {
    expect(response.headers[own]).toBeUndefined();
  }
  expect(response.body).toMatchObject({ error: { data: { reason: 'INVALID_INPUT' } } });
});

test.each(['/assets/%E0%A4%A', '/assets/%', '/%'])('the malformed path %s gets a JSON error', async (path) => {
  const response = await get(path).expect(404);
  expect(response.headers['x-request-id']).toEqual(expect.any(String));
  expect(response.body).toMatchObject({ error: { data: { reason: 'INVALID_INPUT' } } });
});
