import { readFileSync, statSync } from 'node:fs';
import request from 'supertest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.js';

let service: TestService;
let script: string;

beforeAll(async () => {
  service = await startTestService();
  const { text } = await request(service.address).get('/').expect(200);
  script = /<script [^>]*src="(\/assets\/[^"]+\.js)"/.exec(text)?.[1] ?? '';
});
afterAll(() => service.stop());

test.each([
  ['gzip, deflate, br, zstd', 'br', '.br'],
  ['gzip;q=1.0, br;q=0.5', 'br', '.br'],
  ['gzip', 'gzip', '.gz'],
  ['gzip, br;q=0', 'gzip', '.gz'],
  ['identity', undefined, ''],
  ['gzip;q=0, br;q=0', undefined, ''],
  ['zstd', undefined, ''],
])('Accept-Encoding: "%s" gets the encoding %s', async (acceptEncoding, encoding, suffix) => {
  const file = `dist/console${script}`;
  const { headers, text } = await request(service.address)
    .get(script)
    .set('accept-encoding', acceptEncoding)
    .expect(200);
  expect(headers).toMatchObject({
    'content-type': expect.stringMatching(/^text\/javascript; charset=utf-8$/i) as unknown,
    'content-length': String(statSync(`${file}${suffix}`).size),
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  expect(headers['content-encoding']).toBe(encoding);
  expect(text).toBe(readFileSync(file, 'utf8'));
});

test('an asset that does not exist is not found, in the shape of the contract', async () => {
  const { body } = (await request(service.address).get('/assets/none.js').expect(404)) as { body: unknown };
  expect(body).toMatchObject({ error: { data: { reason: 'INVALID_INPUT', code: 'NOT_FOUND' } } });
});
