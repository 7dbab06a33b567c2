import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis } from '../../src/redis/connection.js';
import { Secret } from '../../src/secret.js';
import { startProcess } from '../support/process.js';
import { describeWithRedis } from '../support/redis.js';
import { freePort } from '../support/redis-server.js';

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

describeWithRedis('a Redis with an IPv6 address', () => {
  test.skipIf(!hasIpv6)('is connected to', async () => {
    const port = await freePort();
    const server = startProcess('redis-server', ['--bind', '::1', '--port', String(port), '--save', ''], {
      stdio: 'ignore',
    });
    const redis = createRedis(new Secret(`redis://[::1]:${port}/1`), createLog('silent'));
    try {
      await expect.poll(() => redis.isUp()).toBe(true);
    } finally {
      await redis.close();
      await server.stop();
    }
  });
});
