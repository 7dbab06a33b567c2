import { setImmediate as immediate } from 'node:timers/promises';
import { z } from 'zod';
import { CallError } from '../errors.js';
import type { PerPriority } from '../scheduling/priority.js';
import { bucketMs } from '../scheduling/sliding-window.js';
import {
  type Grant,
  type Release,
  reservedSlots,
  type SlotPool,
  type SlotPoolOptions,
} from '../scheduling/slot-pool.js';
import { type Redis, redisKey, storeUnavailable } from './connection.js';

/** How often to request again: another replica may have released slots unused. */
const requestEveryMs = 1_000;

/** How often to try again to release slots. */
const retryReleaseMs = 1_000;

/** The longest lifetime of a slot: entries beyond it are corrupt and removed. */
const maxHoldMs = 3_600_000;

/** Milliseconds of the Redis server's clock, which all replicas share. */
const now = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Takes slots. Each slot that is not free is a member whose score is the time at which it becomes free. While a request
 * is in flight, that time allows for the longest possible request and one window. After it, the slots of a dead replica
 * are also free.
 *
 * KEYS: the slots that are not free (sorted set)
 * ARGV: limit, reserved slots, interactive demand, bulk demand, longest hold in ms, prefix of the new members
 * Returns the interactive and the bulk slots that were taken, and the ms until the next slot becomes free.
 */
const takeScript = `${now}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], now + ${maxHoldMs}, '+inf')
  local limit, reserved, interactive, bulk, hold = unpack(ARGV, 1, 5)
  local free = limit - redis.call('ZCARD', KEYS[1])
  local first = math.max(0, math.min(interactive, free))
  local rest = math.max(0, math.min(bulk, free - first - reserved))
  for n = 1, first + rest do redis.call('ZADD', KEYS[1], now + hold, ARGV[6] .. n) end
  if first + rest > 0 then redis.call('PEXPIRE', KEYS[1], hold) end
  local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return { first, rest, next[2] and next[2] - now or 0 }`;

/**
 * Releases slots.
 *
 * KEYS: the slots that are not free (sorted set)
 * ARGV: window in ms, number of used members, the used members, the unused members
 */
const releaseScript = `${now}
  local at = math.ceil((now + ARGV[1]) / ${bucketMs}) * ${bucketMs}
  for n = 3, #ARGV do
    if n - 2 <= tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], 'XX', at, ARGV[n])
    else redis.call('ZREM', KEYS[1], ARGV[n]) end
  end`;

/**
 * Counts the slots that are not free.
 *
 * KEYS: the slots that are not free (sorted set)
 */
const usedScript = `${now}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  return redis.call('ZCARD', KEYS[1])`;

const takeReply = z.tuple([z.int(), z.int(), z.number()]);

/** The options of {@link createRedisSlotPool}. */
export interface RedisSlotPoolOptions extends SlotPoolOptions {
  readonly redis: Redis;
  /** Unique among the replicas. */
  readonly replicaId: string;
}

/** Creates a pool of slots that replicas share. */
export function createRedisSlotPool(options: RedisSlotPoolOptions): SlotPool {
  const { redis, replicaId, name, limit, windowMs, deadlineMs } = options;
  const keys = [redisKey('quota', name)];
  const holdMs = String(deadlineMs + windowMs);
  let requestCount = 0;
  let notifyFreed: (() => void) | undefined;
  let used: string[] = [];
  let unused: string[] = [];

  const run = (script: string, args: readonly string[]) =>
    redis.run<unknown>((commands) => commands.eval(script, { keys, arguments: [...args] }));

  /** Releases the slots whose use ended in this iteration of the event loop. */
  async function flush(): Promise<void> {
    const released = { used, unused };
    used = [];
    unused = [];
    try {
      await run(releaseScript, [String(windowMs), String(released.used.length), ...released.used, ...released.unused]);
      notifyFreed?.();
    } catch {
      // Used slots expire by themselves. Releasing unused slots is retried.
      setTimeout(() => {
        for (const member of released.unused) releaseOf(member)(false);
      }, retryReleaseMs).unref();
    }
  }

  function releaseOf(member: string): Release {
    return (wasUsed) => {
      if (used.length + unused.length === 0) setImmediate(() => void flush());
      (wasUsed ? used : unused).push(member);
    };
  }

  async function take({ interactive, bulk }: PerPriority<number>): Promise<Grant> {
    const prefix = `${replicaId} ${requestCount++} `;
    const members = Array.from({ length: interactive + bulk }, (_each, index) => `${prefix}${index + 1}`);
    const amounts = [limit, reservedSlots(limit), interactive, bulk].map(String);
    try {
      const reply = await run(takeScript, [...amounts, holdMs, prefix]);
      const [first, rest, freeInMs] = takeReply.parse(reply);
      const slots = members.slice(0, first + rest).map(releaseOf);
      const repliedAt = performance.now();
      return {
        slots: { interactive: slots.slice(0, first), bulk: slots.slice(first) },
        // A slot stays in use for at least one window, unless it is released unused.
        nextFreeAt: repliedAt + Math.min(freeInMs, windowMs),
        retryAt: repliedAt + Math.min(freeInMs, requestEveryMs),
      };
    } catch (error) {
      // The reply is lost or late, but the script may have taken slots: release them.
      for (const member of members) releaseOf(member)(false);
      throw error instanceof CallError ? error : storeUnavailable(error);
    }
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      // One command requests all slots that are needed in the same iteration of the event loop.
      await immediate();
      return take(demand());
    },
    used: async () => z.int().parse(await run(usedScript, [])),
    onFreed(listener) {
      notifyFreed = listener;
    },
  };
}
