import { afterEach, expect, test, vi } from 'vitest';
import { withLease } from '../../src/redis/lease.js';
import { describeWithRedis, useRedis, useRedisConnection } from '../support/redis.js';

/** Work that lasts until `end` is called. */
function controlledWork() {
  let starts = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    starts: () => starts,
    end: () => end(),
    work: async () => {
      starts++;
      await ended;
    },
  };
}

describeWithRedis('a lease', () => {
  const key = 'script-state-bff:2:lease:name';
  const server = useRedis();
  const one = useRedisConnection(server);
  const two = useRedisConnection(server);

  const bothUp = () =>
    vi.waitFor(async () => expect(await Promise.all([one.isUp(), two.isUp()])).toEqual([true, true]), {
      timeout: 60_000,
    });

  afterEach(() => server.inspect.flushAll());

  test('has one holder at a time, across replicas', async () => {
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

  test('is independent of leases with other names', async () => {
    const first = controlledWork();
    const leased = withLease(one, 'name', first.work);
    await expect.poll(first.starts).toBe(1);
    expect(await withLease(two, 'other', async () => 'done')).toBe('done');
    first.end();
    await leased;
  });

  test('is released when the work fails', async () => {
    await expect(withLease(one, 'name', () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');
    expect(await server.inspect.exists(key)).toBe(0);
  });

  test('expires when its owner is dead', async () => {
    await server.inspect.set(key, 'a dead owner', { expiration: { type: 'PX', value: 300 } });
    expect(await withLease(one, 'name', async () => 'done')).toBe('done');
  });

  test('is renewed while it is held', async () => {
    const first = controlledWork();
    const leased = withLease(one, 'name', first.work);
    await expect.poll(first.starts).toBe(1);
    // Shorter than a new lease, and longer than the renewal interval.
    await server.inspect.pExpire(key, 6_000);
    await expect.poll(() => server.inspect.pTTL(key)).toBeGreaterThan(6_000);
    first.end();
    await leased;
  });

  test('is neither renewed nor released when it has another owner', async () => {
    const first = controlledWork();
    const leased = withLease(one, 'name', first.work);
    await expect.poll(first.starts).toBe(1);
    await server.inspect.set(key, 'another', { expiration: { type: 'PX', value: 60_000 } });
    first.end();
    await leased;
    expect(await server.inspect.get(key)).toBe('another');
  });

  test('cannot be acquired while Redis is unavailable, and the work does not start', async () => {
    const first = controlledWork();
    await server.stop();
    await expect(withLease(one, 'name', first.work)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    expect(first.starts()).toBe(0);
    await server.start();
    await bothUp();
  });

  test('is lost when Redis is lost, and the work continues', async () => {
    const first = controlledWork();
    const leased = withLease(one, 'name', async () => {
      await first.work();
      return 'done';
    });
    await expect.poll(first.starts).toBe(1);
    await server.stop();
    first.end();
    expect(await leased).toBe('done');
    await server.start();
    await bothUp();
  });
});
