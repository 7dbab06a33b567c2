import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createLog } from '../../src/log.js';
import { createRedis, type Redis } from '../../src/redis/connection.js';
import { withLease } from '../../src/redis/lease.js';
import { Secret } from '../../src/secret.js';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.js';

/** Something that ends when it is told to. */
function held() {
  let begun = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    begun: () => begun,
    end: () => end(),
    work: async () => {
      begun++;
      await ended;
    },
  };
}

describeWithRedis('a lease', () => {
  const key = 'script-state-bff:lease:name';
  let server: TestRedis;
  let one: Redis;
  let two: Redis;

  const bothUp = () =>
    vi.waitFor(async () => expect(await Promise.all([one.isUp(), two.isUp()])).toEqual([true, true]), {
      timeout: 60_000,
    });

  beforeAll(async () => {
    server = await startRedis();
    [one, two] = [0, 1].map(() => createRedis(new Secret(server.url), createLog('silent'))) as [Redis, Redis];
    await bothUp();
  });
  afterEach(() => server.inspect.flushAll());
  afterAll(async () => {
    await one.close();
    await two.close();
    await server.close();
  });

  test('is held by one at a time, whichever replica and however many want it', async () => {
    let inside = 0;
    let most = 0;
    const done: number[] = [];
    const callers = Array.from({ length: 12 }, (_, index) =>
      withLease(index % 2 === 0 ? one : two, 'name', async () => {
        most = Math.max(most, ++inside);
        await server.inspect.ping();
        inside--;
        done.push(index);
      }),
    );
    await Promise.all(callers);
    expect(most).toBe(1);
    expect(done.toSorted((a, b) => a - b)).toEqual(callers.map((_, index) => index));
    expect(await server.inspect.keys('*')).toEqual([]);
  });

  test('of one name is no matter to another', async () => {
    const first = held();
    const under = withLease(one, 'name', first.work);
    await expect.poll(first.begun).toBe(1);
    expect(await withLease(two, 'other', async () => 'done')).toBe('done');
    first.end();
    await under;
  });

  test('is given back also when the work fails', async () => {
    await expect(withLease(one, 'name', () => Promise.reject(new Error('as it happens')))).rejects.toThrow('happens');
    expect(await server.inspect.exists(key)).toBe(0);
  });

  test('ends by itself when its owner is dead', async () => {
    await server.inspect.set(key, 'the dead one', { expiration: { type: 'PX', value: 300 } });
    expect(await withLease(one, 'name', async () => 'done')).toBe('done');
  });

  test('is renewed while it is held', async () => {
    const first = held();
    const under = withLease(one, 'name', first.work);
    await expect.poll(first.begun).toBe(1);
    // Less than what it was taken for, and enough for it to live until it is renewed.
    await server.inspect.pExpire(key, 6_000);
    await expect.poll(() => server.inspect.pTTL(key)).toBeGreaterThan(6_000);
    first.end();
    await under;
  });

  test('that has become another’s is neither renewed nor given back', async () => {
    const first = held();
    const under = withLease(one, 'name', first.work);
    await expect.poll(first.begun).toBe(1);
    await server.inspect.set(key, 'another', { expiration: { type: 'PX', value: 60_000 } });
    first.end();
    await under;
    expect(await server.inspect.get(key)).toBe('another');
  });

  test('is not taken by anybody while Redis is away, and the work is not begun', async () => {
    const first = held();
    await server.stop();
    await expect(withLease(one, 'name', first.work)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    expect(first.begun()).toBe(0);
    await server.start();
    await bothUp();
  });

  test('that is lost with Redis does not stop the work that is done under it', async () => {
    const first = held();
    const under = withLease(one, 'name', async () => {
      await first.work();
      return 'done';
    });
    await expect.poll(first.begun).toBe(1);
    await server.stop();
    first.end();
    expect(await under).toBe('done');
    await server.start();
    await bothUp();
  });
});
