import { setImmediate as immediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from '../../src/scheduling/deadline.js';
import { burstSlots, reservedSlots } from '../../src/scheduling/fair-share.js';
import { createMemorySlotPool } from '../../src/scheduling/memory-slot-pool.js';
import type { PriorityLevel, RequestPriority } from '../../src/scheduling/priority.js';
import { createRateLimiter } from '../../src/scheduling/rate-limiter.js';

const windowMs = 20_000;
const maxResponseMs = 3_000;
const slice = 20;
/** Slots become free in steps of this. */
const bucketMs = 10;

// The tests set the clock. Iterations of the event loop stay real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A request of a user who sends few. */
const single = {
  user: 'two',
  level: 'interactive',
  count: 1,
  responseMs: 50,
  isSent: true,
  cancelAfterMs: undefined,
} as const satisfies Partial<Arrival>;

const maxWaitMs = 200;

/** Requests that arrive together. */
interface Arrival {
  readonly atMs: number;
  readonly user: string;
  readonly level: PriorityLevel;
  readonly count: number;
  readonly responseMs: number;
  /** Whether the requests are sent: otherwise their slots are released unused. */
  readonly isSent: boolean;
  /** When the requests that wait are cancelled. */
  readonly cancelAfterMs: number | undefined;
}

interface Sent {
  readonly arrival: Arrival;
  readonly startedAt: number;
  /** When its slot is free again. */
  freeAt: number;
}

const arrivals = (limit: number) =>
  fc.array(
    fc.record<Arrival>({
      atMs: fc.integer({ min: 0, max: 50_000 }),
      user: fc.constantFrom('one', 'two', 'three', 'four'),
      level: fc.constantFrom('interactive', 'bulk'),
      count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: limit })),
      responseMs: fc.integer({ min: 0, max: maxResponseMs }),
      isSent: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      cancelAfterMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { freq: 5, nil: undefined }),
    }),
    { minLength: 1, maxLength: 12 },
  );

const plans = fc
  .constantFrom(1, 2, 3, 7, 20, 40, 200)
  .chain((limit) => fc.record({ limit: fc.constant(limit), plan: arrivals(limit) }));

/** Runs the requests in virtual time, and calls back whenever the limiter has nothing to do until the next timer. */
async function run(limit: number, plan: readonly Arrival[], check: (state: ReturnType<typeof stateAt>) => void) {
  const pool = createMemorySlotPool({ limit, windowMs });
  const limiter = createRateLimiter(pool, slice);
  const sent: Sent[] = [];
  let taken: Sent[] = [];
  const waiting = new Map<RequestPriority, Arrival>();
  const cancelled = new Set<RequestPriority>();
  const failures: unknown[] = [];
  let maxTaken = 0;
  let left = 0;

  function stateAt(now: number) {
    taken = taken.filter(({ freeAt }) => freeAt > now);
    const used = (level: PriorityLevel, user: string) =>
      taken.filter(({ arrival }) => arrival.level === level && arrival.user === user).length;
    return {
      limit,
      now,
      burst: taken.filter(({ arrival }) => arrival.level === 'bulk').length,
      used,
      free: limit - taken.length,
      waiting: [...waiting.values()],
    };
  }

  function send(arrival: Arrival, fairnessKey: symbol): void {
    const priority: RequestPriority = { user: arrival.user, fairnessKey, level: arrival.level };
    const cancellation = new AbortController();
    // Not started: it never ends.
    const deadline = new Deadline({ totalMs: windowMs, cancellation: cancellation.signal });
    if (arrival.cancelAfterMs !== undefined) {
      setTimeout(() => {
        waiting.delete(priority);
        cancelled.add(priority);
        cancellation.abort();
      }, arrival.cancelAfterMs);
    }
    waiting.set(priority, arrival);
    left++;
    limiter
      .acquire(priority, deadline, false)
      .then((release) => {
        waiting.delete(priority);
        const own: Sent = { arrival, startedAt: performance.now(), freeAt: Number.POSITIVE_INFINITY };
        sent.push(own);
        taken.push(own);
        maxTaken = Math.max(maxTaken, limit - stateAt(own.startedAt).free);
        setTimeout(() => {
          own.freeAt = performance.now() + (arrival.isSent ? windowMs : 0);
          release(arrival.isSent);
        }, arrival.responseMs);
      })
      .catch((error: unknown) => {
        if (!cancelled.has(priority)) failures.push(error);
      })
      .finally(() => {
        left--;
        deadline.dispose();
      });
  }

  const beginsAt = performance.now();
  for (const arrival of plan) {
    setTimeout(() => {
      const key = Symbol('update');
      for (let each = 0; each < arrival.count; each++) send(arrival, key);
    }, arrival.atMs);
  }
  while (vi.getTimerCount() > 0) {
    await vi.advanceTimersToNextTimerAsync();
    // The limiter starts bulk requests in several iterations of the event loop.
    for (let each = 0; each < 2 + limit / slice; each++) await immediate();
    check(stateAt(performance.now()));
  }
  expect([left, failures]).toEqual([0, []]);
  expect(maxTaken).toBeLessThanOrEqual(limit);
  await vi.advanceTimersByTimeAsync(windowMs + bucketMs);
  expect(await limiter.usage()).toEqual({ limit, used: 0, waiting: { interactive: 0, bulk: 0 } });
  return sent.map(({ arrival, startedAt }) => ({ user: arrival.user, waitMs: startedAt - beginsAt - arrival.atMs }));
}

/** Whether a slot is idle although a request that may have it waits. */
function idleFor({ limit, free, burst, used, waiting }: Parameters<Parameters<typeof run>[2]>[0]): string | undefined {
  if (free <= 0) return undefined;
  const small = waiting.find(({ level, user }) => level === 'interactive' && used(level, user) < slice);
  if (small !== undefined) return `a small share of ${small.user}`;
  const bulk = waiting.some(({ level }) => level === 'bulk');
  if (bulk && free > reservedSlots(limit) && burst < burstSlots(limit)) return 'a burst of bulk requests';
  return undefined;
}

test('no window has more requests than the limit, and no slot is idle while a request may have it', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ limit, plan }) => {
      let idleSince: { readonly at: number; readonly cause: string } | undefined;
      await run(limit, plan, (state) => {
        const cause = idleFor(state);
        if (cause === undefined) idleSince = undefined;
        else idleSince ??= { at: state.now, cause };
        expect(idleSince === undefined ? 0 : state.now - idleSince.at, idleSince?.cause).toBeLessThanOrEqual(
          2 * bucketMs,
        );
      });
    }),
    { numRuns: 60 },
  );
});

test.each(['interactive', 'bulk'] as const)(
  'however many %s requests one user has, another user who sends one each second does not wait',
  async (level) => {
    await fc.assert(
      fc.asyncProperty(arrivals(200), async (plan) => {
        const others = plan.map((arrival) => ({ ...arrival, user: 'one', level, count: arrival.count * 2 }));
        const singles = Array.from({ length: 50 }, (_, second) => ({
          ...single,
          atMs: 1000 * second,
        }));
        const all = await run(200, [...others, ...singles], () => undefined);
        const waitsMs = all.filter(({ user }) => user === single.user).map(({ waitMs }) => waitMs);
        expect(waitsMs).toHaveLength(singles.length);
        expect(Math.max(...waitsMs)).toBeLessThanOrEqual(maxWaitMs);
      }),
      { numRuns: 30 },
    );
  },
);
