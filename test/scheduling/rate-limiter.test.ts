import { setMaxListeners } from 'node:events';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Deadline } from '../../src/scheduling/deadline.js';
import { createMemorySlotPool } from '../../src/scheduling/memory-slot-pool.js';
import type { PriorityLevel, RequestPriority } from '../../src/scheduling/priority.js';
import { createRateLimiter } from '../../src/scheduling/rate-limiter.js';
import type { SlotPool } from '../../src/scheduling/slot-pool.js';
import { describeMemoryAndRedis } from '../support/memory-and-redis.js';

const windowMs = 20_000;
const slice = 20;

function priority(level: PriorityLevel, user = 'someone'): RequestPriority {
  return { fairnessKey: user, user, level };
}

function deadline(totalMs: number, cancellation?: AbortSignal): Deadline {
  const started = new Deadline({ totalMs, cancellation });
  started.start();
  onTestFinished(() => started.dispose());
  return started;
}

function manyListeners(): AbortController {
  const cancellation = new AbortController();
  setMaxListeners(0, cancellation.signal);
  return cancellation;
}

/** A pool whose replies take as long as those of another machine. */
function delayed(pool: SlotPool, delayMs: number): SlotPool {
  return {
    ...pool,
    async request(demand) {
      const grant = await pool.request(demand);
      await sleep(delayMs);
      return grant;
    },
  };
}

test('a request that is boosted for another limiter leaves its queue when it is cancelled, and holds no slot', async () => {
  const pool = createMemorySlotPool({ limit: 2, windowMs });
  const limiter = createRateLimiter(pool, slice);
  const inUse = [
    await limiter.acquire(priority('interactive'), deadline(60_000), false),
    await limiter.acquire(priority('interactive'), deadline(60_000), false),
  ];
  const cancellation = new AbortController();
  const shared = priority('bulk');
  const waiting = limiter.acquire(shared, deadline(60_000, cancellation.signal), true);
  createRateLimiter(createMemorySlotPool({ limit: 2, windowMs }), slice).boost(shared);
  cancellation.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'CLIENT_CLOSED' });
  for (const release of inUse) release(false);
  expect(await limiter.usage()).toEqual({ limit: 2, used: 0, waiting: { interactive: 0, bulk: 0 } });
});

test('a retry in a pause of bulk requests waits for its end as long as slots are free', async () => {
  const limiter = createRateLimiter(createMemorySlotPool({ limit: 200, windowMs }), slice);
  (await limiter.acquire(priority('interactive'), deadline(15_000), false))(true);
  limiter.pauseBulk(300);
  expect(await limiter.acquire(priority('bulk'), deadline(15_000), true)).toBeTypeOf('function');
});

test('the end of a pause starts bulk requests, also when the pool replies after it', async () => {
  const limiter = createRateLimiter(delayed(createMemorySlotPool({ limit: 200, windowMs }), 100), slice);
  limiter.pauseBulk(50);
  const bulk = limiter.acquire(priority('bulk'), deadline(15_000), false);
  await limiter.acquire(priority('interactive'), deadline(15_000), false);
  expect(await bulk).toBeTypeOf('function');
});

test('a request without enough time for an attempt gets no slot, and the next one gets it', async () => {
  const limiter = createRateLimiter(createMemorySlotPool({ limit: 1, windowMs }), slice);
  const release = await limiter.acquire(priority('interactive'), deadline(60_000), false);
  // Not started, so that it is not rejected when it joins the queue.
  const short = new Deadline({ totalMs: 1_200 });
  const long = new Deadline({ totalMs: 60_000 });
  onTestFinished(() => short.dispose());
  const late = expect(limiter.acquire(priority('interactive'), short, false)).rejects.toMatchObject({
    reason: 'THROTTLED',
  });
  const next = limiter.acquire(priority('interactive', 'another'), long, false);
  await immediate();
  short.start();
  await expect.poll(() => short.allowsAttemptAfter(0)).toBe(false);
  release(false);
  await late;
  expect(await next).toBeTypeOf('function');
});

describeMemoryAndRedis('users of two replicas', ({ slotPool: create }) => {
  test('leave slots to each other', async () => {
    const pool = create(200);
    const replicas = [createRateLimiter(pool, slice), createRateLimiter(pool, slice)] as const;
    const granted = { one: 0, two: 0 };
    const cancellation = manyListeners();
    function acquire(replica: number, user: keyof typeof granted, count: number): void {
      for (let each = 0; each < count; each++) {
        replicas[replica]
          ?.acquire(priority('interactive', user), deadline(60_000, cancellation.signal), false)
          .then(() => granted[user]++)
          .catch(() => undefined);
      }
    }
    acquire(0, 'one', 200);
    await expect.poll(() => granted.one).toBeGreaterThanOrEqual(100);
    acquire(1, 'one', 200);
    await expect.poll(() => granted.one).toBeGreaterThanOrEqual(130);
    acquire(1, 'two', 20);
    await expect.poll(() => granted.two).toBe(20);
    expect(granted.one).toBeLessThan(180);
    cancellation.abort();
  });

  test('get slots for bulk requests at once until these are paced', async () => {
    const limiter = createRateLimiter(create(200), slice);
    const cancellation = manyListeners();
    const order: string[] = [];
    const acquire = (level: PriorityLevel, user: string) =>
      limiter
        .acquire(priority(level, user), deadline(60_000, cancellation.signal), false)
        .then(() => order.push(level))
        .catch(() => undefined);
    for (let each = 0; each < 300; each++) void acquire('bulk', 'one');
    await expect.poll(() => order.length).toBeGreaterThanOrEqual(120);
    // Slots are free, so they do not wait for the slots of the bulk requests.
    await Promise.all(Array.from({ length: 20 }, () => acquire('interactive', 'one')));
    expect(order.length).toBeLessThanOrEqual(200);
    expect(order.slice(0, 120)).toEqual(Array(120).fill('bulk'));
    cancellation.abort();
  });
});
