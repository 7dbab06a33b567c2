import { z } from 'zod';
import { CallError } from '../errors.js';
import {
  type Granted,
  type Release,
  reservedOf,
  type SharedSlots,
  type SharedSlotsOptions,
  windowMs,
} from '../scheduling/slot-pool.js';
import { type Redis, redisKey, storeUnavailable } from './connection.js';

/** Others may have given slots back unused: one asks at least so often. */
const askEveryMs = 1_000;

/** Slots that could not be given back are given back after this, or after this again. */
const giveBackEveryMs = 1_000;

/** Slots come back in steps of this, in milliseconds, so that what was sent together can be followed together. */
const grainMs = 10;

/** When so many are ahead, one waits for more than a window anyhow. */
const maxListed = 1_000;

/** No slot is ever held for so long: what is held longer is none. */
const longestHoldMs = 3_600_000;

/** Milliseconds by Redis's clock, the one that all replicas share. */
const now = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * The slots in use are a sorted set, each with the moment at which it is free again. For one that is handed out that is
 * the longest that a call can take, and a window: until then, the slot of a replica that died is out of use.
 */
const grantScript = `${now}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], now + ${longestHoldMs}, '+inf')
  local limit, reserved, interactive, bulk, hold = unpack(ARGV, 1, 5)
  local free = limit - redis.call('ZCARD', KEYS[1])
  local first = math.max(0, math.min(interactive, free))
  local rest = math.max(0, math.min(bulk, free - first - reserved))
  for n = 1, first + rest do redis.call('ZADD', KEYS[1], now + hold, ARGV[6] .. n) end
  if first + rest > 0 then redis.call('PEXPIRE', KEYS[1], hold) end
  local waits = {}
  if first < tonumber(interactive) or rest < tonumber(bulk) then
    local ends = redis.call('ZRANGE', KEYS[1], 0, ARGV[7], 'WITHSCORES')
    for n = 2, #ends, 2 do waits[n / 2] = ends[n] - now end
  end
  return { first, rest, free - first - rest, waits }`;

const giveBackScript = `${now}
  local at = math.ceil((now + ARGV[1]) / ${grainMs}) * ${grainMs}
  for n = 3, #ARGV do
    if n - 2 <= tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], 'XX', at, ARGV[n])
    else redis.call('ZREM', KEYS[1], ARGV[n]) end
  end`;

const usedScript = `${now}
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  return redis.call('ZCARD', KEYS[1])`;

const reply = z.tuple([z.int(), z.int(), z.int(), z.array(z.number())]);

/** What {@link createRedisSlotPool} needs. */
export interface RedisSlotPoolOptions extends SharedSlotsOptions {
  readonly redis: Redis;
  /** The id of this replica; no other has it. */
  readonly replica: string;
}

/**
 * The slots of a window that replicas share.
 *
 * Libraries for rate limits count in windows that begin and end: at the border twice the limit goes out in one of
 * Graph's, which slide.
 */
export function createRedisSlotPool({ redis, replica, name, limit, deadlineMs }: RedisSlotPoolOptions): SharedSlots {
  const keys = [redisKey('quota', name)];
  const hold = String(deadlineMs + windowMs);
  let count = 0;
  let freed: (() => void) | undefined;
  let used: string[] = [];
  let unused: string[] = [];

  const run = (script: string, args: readonly string[]) =>
    redis.run<unknown>((commands) => commands.eval(script, { keys, arguments: [...args] }));

  /** Gives back what has ended in this turn of the event loop. */
  async function flush(): Promise<void> {
    const own = { used, unused };
    used = [];
    unused = [];
    try {
      await run(giveBackScript, [String(windowMs), String(own.used.length), ...own.used, ...own.unused]);
      freed?.();
    } catch {
      // Used ones come back by themselves, later. The others are given back as soon as that can be done.
      setTimeout(() => {
        for (const id of own.unused) slot(id)(false);
      }, giveBackEveryMs).unref();
    }
  }

  function slot(id: string): Release {
    return (wasUsed) => {
      if (used.length + unused.length === 0) setImmediate(() => void flush());
      (wasUsed ? used : unused).push(id);
    };
  }

  return {
    limit,
    async ask({ interactive, bulk }): Promise<Granted | CallError> {
      const prefix = `${replica} ${count++} `;
      const amounts = [limit, reservedOf(limit), interactive, bulk, hold].map(String);
      const idOf = (index: number) => `${prefix}${index + 1}`;
      try {
        const answer = await run(grantScript, [...amounts, prefix, String(maxListed - 1)]);
        const [first, rest, free, waits] = reply.parse(answer);
        const askedAt = performance.now();
        const ids = Array.from({ length: first + rest }, (_each, index) => slot(idOf(index)));
        return {
          interactive: ids.slice(0, first),
          bulk: ids.slice(first),
          nextAt: askedAt + Math.min(waits[0] ?? askEveryMs, askEveryMs),
          // One that is still in use is so for a window at the least, unless it is given back unused.
          earliest(ahead) {
            const missing = ahead - free;
            if (missing < 0) return askedAt;
            const rounds = Math.floor(missing / limit);
            return askedAt + Math.min(waits[missing % limit] ?? windowMs, windowMs) + rounds * windowMs;
          },
        };
      } catch (error) {
        // The answer was lost, or is late: what it grants belongs to nobody.
        for (let index = 0; index < interactive + bulk; index++) slot(idOf(index))(false);
        return error instanceof CallError ? error : storeUnavailable(error);
      }
    },
    whenFreed(listener) {
      freed = listener;
    },
    used: async () => z.int().parse(await run(usedScript, [])),
  };
}
