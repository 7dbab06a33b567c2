import { request } from 'node:http';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { networkOf } from '../../src/auth/request-limit.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { startTestService, type TestService, untilReady } from '../support/service.js';
import { createUserAgent } from '../support/user-agent.js';

interface Reply {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/** Sends a request from a loopback address. */
function send(service: TestService, path: string, localAddress: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { port } = service.url;
    const headers = { host: `localhost:${port}` };
    request({ host: '127.0.0.1', port, path, localAddress, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'] }));
    })
      .on('error', reject)
      .end();
  });
}

/** Sends many requests from an address, to the services in rotation, and counts their statuses. */
async function flood(services: readonly TestService[], path: string, count: number, address: string) {
  const statuses: Record<number, number> = {};
  for (let sent = 0; sent < count; sent += 50) {
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_each, index) =>
        send(services[index % services.length] as TestService, path, address),
      ),
    );
    for (const { status = 0 } of replies) statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

const settings = { SIGN_IN: 'oidc', SESSION_SECRET: 'a-session-secret-of-the-tests-own-0001' };

describe('sign-in', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startTestService(settings);
    return () => service.stop();
  });

  test('starts 300 times a minute for one address; other addresses and callbacks are not affected', async () => {
    expect(await flood([service], '/auth/sign-in', 350, '127.0.0.2')).toEqual({ 303: 300, 429: 50 });
    const { status, retryAfter } = await send(service, '/auth/sign-in', '127.0.0.2');
    expect(status).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(Number(retryAfter)).toBeLessThanOrEqual(60);
    expect(await send(service, '/auth/callback', '127.0.0.2')).toMatchObject({ status: 400 });
    const agent = createUserAgent(service);
    await agent.signIn('operator');
    expect(await agent.call('session.current')).toMatchObject({ status: 200 });
    // The audit log has no line for each rejected start.
    expect(service.lines({ log: 'audit', event: 'sign-in-refused' })).toHaveLength(1);
  });

  test('handles 300 callbacks a minute for one address', async () => {
    expect(await flood([service], '/auth/callback?state=x&code=y', 350, '127.0.0.3')).toEqual({ 400: 300, 429: 50 });
  });

  test('starts 1,200 times a minute overall', async () => {
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']) {
      expect(await flood([service], '/auth/sign-in', 300, address)).toEqual({ 303: 300 });
    }
    expect(await send(service, '/auth/sign-in', '127.0.0.6')).toMatchObject({ status: 429 });
    const page = await createUserAgent(service).browser.open(`http://localhost:${service.url.port}/auth/sign-in`);
    expect(page.html).toContain('<h1>Too many sign-ins</h1>');
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});

describeWithRedis('replicas', () => {
  const redis = useRedis();
  const services: TestService[] = [];
  afterAll(() => Promise.all(services.map((service) => service.stop())));

  test('count the starts of an address together', async () => {
    for (let count = 0; count < 2; count++) {
      const service = await startTestService({ ...settings, REDIS_URL: redis.url });
      services.push(service);
      await untilReady(service.address);
    }
    expect(await flood(services, '/auth/sign-in', 400, '127.0.0.2')).toEqual({ 303: 300, 429: 100 });
  });
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['2001:DB8:1:2::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('the address %s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
