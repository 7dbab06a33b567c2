import { setImmediate as immediate } from 'node:timers/promises';
import { z } from 'zod';
import { CallError } from '../errors.js';
import { burstSlots, reservedSlots } from '../scheduling/fair-share.js';
import { checksPerWindow } from '../scheduling/pace.js';
import { bucketMs } from '../scheduling/sliding-window.js';
import type { Demand, Grant, Release, SlotPool, SlotPoolOptions } from '../scheduling/slot-pool.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { mayHaveRun, storeUnavailable } from './redis-error.js';

/** How often to request again: another replica may have released slots unused. */
const requestEveryMs = 1_000;

/** How long a reply tells how many slots are free. After it, requests start with the minimum of each user's share. */
const freeValidMs = 1_000;

/** How often to try again to release slots. */
const retryReleaseMs = 1_000;

/** The longest lifetime of a slot: entries beyond it are corrupt and removed. */
const maxHoldMs = 3_600_000;

/** Milliseconds of the Redis server's clock, which all replicas share. */
const now = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Takes slots, as the pool in memory and `createPace` do. Each slot that is not free is a member whose score is the time at which it becomes free. While a request
 * is in flight, that time allows for the longest possible request and one window. After it, the slots of a dead replica
 * are also free.
 *
 * KEYS: the slots that are not free (sorted set), those of them that bulk requests took at once (sorted set), the last
 * paced slots (hash)
 * ARGV: limit, reserved slots, burst slots, window in ms, demand (interactive, excess, bulk), longest hold in ms, prefix
 * of the new members
 * Returns the interactive and the bulk slots that were taken, the slots that are free, and the ms until the next slot
 * becomes free and until the next paced slots are due (-1: after another slot becomes free).
 */
const takeScript = `${now}
  -- Changes nothing, but fails if Redis is full: that is checked only until a script has written.
  redis.call('ZADD', KEYS[1], 'XX', 0, '')
  for n = 1, 2 do
    redis.call('ZREMRANGEBYSCORE', KEYS[n], '-inf', now)
    redis.call('ZREMRANGEBYSCORE', KEYS[n], now + ${maxHoldMs}, '+inf')
  end
  local arg = {}
  for n = 1, 8 do arg[n] = tonumber(ARGV[n]) end
  local limit, reserved, burst, window, interactive, excess, bulk, hold = unpack(arg)
  local free = limit - redis.call('ZCARD', KEYS[1])
  local taken = 0
  local function take(count, key)
    for n = taken + 1, taken + count do
      redis.call('ZADD', KEYS[1], now + hold, ARGV[9] .. n)
      if key then redis.call('ZADD', key, now + hold, ARGV[9] .. n) end
    end
    taken = taken + count
    free = free - count
    return count
  end
  local within = take(math.max(0, math.min(interactive, free)))
  local first = take(math.max(0, math.min(bulk, burst - redis.call('ZCARD', KEYS[2]), free - reserved)), KEYS[2])
  local wanted, paced, due = excess + bulk - first, 0, -1
  if wanted > 0 and free > reserved then
    local step, rate = window / ${checksPerWindow}, math.huge
    for n = 1, ${checksPerWindow} do
      local later = free + redis.call('ZCOUNT', KEYS[1], '-inf', now + n * step)
      rate = math.min(rate, (later - reserved) / (n * step))
    end
    local last = redis.call('HMGET', KEYS[3], 'at', 'count')
    local at, count = tonumber(last[1] or 0) or 0, tonumber(last[2] or 0) or 0
    if now >= at + count / rate or at > now then
      paced = take(math.min(wanted, free - reserved, math.max(1, math.floor(rate * step))))
      at, count = now, paced
      redis.call('HSET', KEYS[3], 'at', at, 'count', count)
      redis.call('PEXPIRE', KEYS[3], window)
    end
    due = math.ceil(at + count / rate - now)
  end
  if taken > 0 then for n = 1, 2 do redis.call('PEXPIRE', KEYS[n], hold) end end
  local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  local urgent = math.min(paced, excess)
  return { within, urgent, first + paced - urgent, free, next[2] and next[2] - now or 0, due }`;

/**
 * Releases slots.
 *
 * KEYS: as above
 * ARGV: window in ms, number of used members, the used members, the unused members
 */
const releaseScript = `${now}
  local at = math.ceil((now + ARGV[1]) / ${bucketMs}) * ${bucketMs}
  for n = 3, #ARGV do
    for key = 1, 2 do
      if n - 2 <= tonumber(ARGV[2]) then redis.call('ZADD', KEYS[key], 'XX', at, ARGV[n])
      else redis.call('ZREM', KEYS[key], ARGV[n]) end
    end
  end`;

/**
 * Counts the slots that are not free.
 *
 * KEYS: as above
 */
const usedScript = `${now}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  return redis.call('ZCARD', KEYS[1])`;

const takeReply = z.tuple([z.int(), z.int(), z.int(), z.int(), z.number(), z.number()]);

/** A slot that has been released. */
interface Released {
  readonly member: string;
  readonly wasUsed: boolean;
  /** When the slot is free in any case, as `performance.now()` has it. */
  readonly expiresAt: number;
}

/** The options of {@link createRedisSlotPool}. */
export interface RedisSlotPoolOptions extends SlotPoolOptions {
  readonly redis: Redis;
  /** Unique among the replicas. */
  readonly replicaId: string;
}

/** Creates a pool of slots that replicas share. */
export function createRedisSlotPool(options: RedisSlotPoolOptions): SlotPool {
  const { redis, replicaId, name, limit, windowMs, deadlineMs } = options;
  const keys = [redisKey('quota', name), redisKey('quota-burst', name), redisKey('quota-pace', name)];
  const reserved = reservedSlots(limit);
  const holdMs = deadlineMs + windowMs;
  let requestCount = 0;
  let free = { count: 0, until: 0 };
  let notifyFreed: (() => void) | undefined;
  let released: Released[] = [];

  const run = (script: string, args: readonly string[]) =>
    redis.run<unknown>((commands) => commands.eval(script, { keys, arguments: [...args] }));

  /** Releases the slots whose use ended in this iteration of the event loop. */
  async function flush(): Promise<void> {
    const flushedAt = performance.now();
    const all = released.filter(({ expiresAt }) => expiresAt > flushedAt);
    released = [];
    if (all.length === 0) return;
    const used = all.filter(({ wasUsed }) => wasUsed);
    const unused = all.filter(({ wasUsed }) => !wasUsed);
    const members = [...used, ...unused].map(({ member }) => member);
    try {
      await run(releaseScript, [String(windowMs), String(used.length), ...members]);
      notifyFreed?.();
    } catch {
      // Used slots expire by themselves. Releasing unused ones is retried until they have expired as well.
      setTimeout(() => unused.forEach(release), retryReleaseMs).unref();
    }
  }

  function release(slot: Released): void {
    if (released.length === 0) setImmediate(() => void flush());
    released.push(slot);
  }

  function releaseOf(member: string): Release {
    return (wasUsed) => release({ member, wasUsed, expiresAt: performance.now() + holdMs });
  }

  async function take(demand: (free: number) => Demand): Promise<Grant> {
    const freeBefore = performance.now() < free.until ? free.count : 0;
    const { interactive, excess, bulk } = demand(freeBefore);
    const prefix = `${replicaId} ${requestCount++} `;
    const most = Math.min(limit, interactive + excess + bulk);
    const members = Array.from({ length: most }, (_each, index) => `${prefix}${index + 1}`);
    const amounts = [limit, reserved, burstSlots(limit), windowMs, interactive, excess, bulk].map(String);
    try {
      const reply = await run(takeScript, [...amounts, String(holdMs), prefix]);
      const [within, urgent, rest, freeAfter, freeInMs, dueInMs] = takeReply.parse(reply);
      const slots = members.slice(0, within + urgent + rest).map(releaseOf);
      const repliedAt = performance.now();
      free = { count: freeAfter, until: repliedAt + freeValidMs };
      // A slot stays in use for at least one window, unless it is released unused.
      const freeAt = repliedAt + Math.min(freeInMs, windowMs);
      const dueAt = repliedAt + (dueInMs < 0 ? freeInMs : dueInMs);
      // More requests may be within their users' shares than was known.
      const isShareLarger = excess > urgent && freeAfter > freeBefore;
      return {
        slots: { interactive: slots.slice(0, within + urgent), bulk: slots.slice(within + urgent) },
        nextFreeAt: {
          interactive: freeAfter > 0 ? repliedAt : freeAt,
          bulk: freeAfter > reserved ? repliedAt : freeAt,
        },
        retryAt: isShareLarger ? repliedAt : Math.min(freeAt, dueAt, repliedAt + requestEveryMs),
      };
    } catch (error) {
      const failure = error instanceof CallError ? error : storeUnavailable(error);
      // The reply is lost or late, but the script may have taken slots: release them.
      if (mayHaveRun(failure)) for (const member of members) releaseOf(member)(false);
      throw failure;
    }
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      // One command requests all slots that are needed in the same iteration of the event loop.
      await immediate();
      return take(demand);
    },
    used: async () => z.int().parse(await run(usedScript, [])),
    onFreed(listener) {
      notifyFreed = listener;
    },
  };
}
