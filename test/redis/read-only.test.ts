import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Redis } from '../../src/redis/connection.js';
import { failure } from '../support/failure.js';
import { type Forwarder, startForwarder } from '../support/forwarder.js';
import { connectRedis, describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';
import { useReplicas } from '../support/replicas.js';
import { untilReady } from '../support/service.js';

describeWithRedis('a Redis that rejects writes', () => {
  describe('because it is full', () => {
    const all = useReplicas('here');

    test('counts as unavailable, and its error code is logged', async () => {
      const { redis, one, two, known } = all;
      const { client } = await all.signIn();
      await redis.inspect.configSet('maxmemory', '1');
      for (const { address } of [one, two]) expect((await fetch(`${address}/readyz`)).status).toBe(503);
      expect(await failure(client.scriptUserState.get.query(known.target))).toMatchObject({ reason: 'OVERLOADED' });
      const lines = one.logged.filter((line) => line.includes('OOM'));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { level: 50, cause: 'OOM', msg: 'Redis is unavailable' },
        { level: 40, reason: 'OVERLOADED', causes: ['RedisError OOM', 'Error'], msg: 'call failed' },
      ]);

      await redis.inspect.configSet('maxmemory', '0');
      for (const { address } of [one, two]) await untilReady(address);
      expect(await client.scriptUserState.get.query(known.target)).toMatchObject({ id: known.target.userStateId });
      expect(one.logged.filter((line) => line.includes('Redis is available again'))).toHaveLength(1);
    });
  });

  describe('because it is no longer the primary', () => {
    let servers: readonly [TestRedis, TestRedis];
    let forwarder: Forwarder;
    let redis: Redis;
    beforeEach(async () => {
      servers = [await startRedis(), await startRedis()];
      forwarder = await startForwarder(portOf(servers[0]));
      redis = await connectRedis(`redis://127.0.0.1:${forwarder.port}`);
    });
    afterEach(async () => {
      await redis.close();
      await forwarder.close();
      for (const server of servers) await server.close();
    });

    test('is disconnected, and the address leads to the new primary', async () => {
      const [old, next] = servers;
      const received: string[] = [];
      redis.subscribe('news', (message) => void received.push(message));
      forwarder.leadTo(portOf(next));
      await old.inspect.sendCommand(['REPLICAOF', '127.0.0.1', String(portOf(next))]);
      await expect.poll(() => redis.isUp()).toBe(true);
      await redis.run((commands) => commands.set('where', 'here'));
      expect(await next.inspect.get('where')).toBe('here');
      // Only subscribers of the new one count.
      await expect.poll(() => next.inspect.publish('news', 'received')).toBe(1);
      await expect.poll(() => received).toContain('received');
    });
  });
});

const portOf = ({ url }: TestRedis) => Number(new URL(url).port);
