import supertest from 'supertest';
import { expect, test } from 'vitest';
import { useService } from '../support/service.js';

const service = useService();

const call = (procedure: string, acceptEncoding: string) =>
  supertest(service.address)
    .get(`/trpc/${procedure}`)
    .query({ input: JSON.stringify({ scriptKind: 'deviceShellScript' }) })
    .set('x-csrf', '1')
    .set('accept-encoding', acceptEncoding)
    .expect(200);

test.each(['gzip', 'gzip, deflate, br, zstd', '*'])(
  'a list is compressed with Accept-Encoding: %s',
  async (accepted) => {
    const [plain, compressed] = await Promise.all([call('script.list', 'identity'), call('script.list', accepted)]);
    expect(compressed.headers['content-encoding']).toBe('gzip');
    for (const { headers } of [plain, compressed]) expect(headers['vary']).toBe('trpc-accept, accept, accept-encoding');
    expect(Number(compressed.headers['content-length'])).toBeLessThan(Number(plain.headers['content-length']) / 4);
    expect(compressed.body).toEqual(plain.body);
  },
);

test.each(['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.1, identity;q=1'])(
  'a list is not compressed with Accept-Encoding: "%s"',
  async (accepted) => {
    const { headers } = await call('script.list', accepted);
    expect(headers['content-encoding']).toBeUndefined();
  },
);

test('a short response is not compressed', async () => {
  const { headers } = await supertest(service.address)
    .get('/trpc/session.current')
    .set('x-csrf', '1')
    .set('accept-encoding', 'gzip')
    .expect(200);
  expect(headers['content-encoding']).toBeUndefined();
});
