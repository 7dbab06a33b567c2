import { createHash } from 'node:crypto';
import { setImmediate as immediate } from 'node:timers/promises';
import { z } from 'zod';
import { CallError } from '../errors.js';
import { burstSlots, minShares, reservedSlots, totalWaiting, type UserDemand } from '../scheduling/fair-share.js';
import type { PriorityLevel } from '../scheduling/priority.js';
import type { Demand, Grant, Slot, SlotPool, SlotPoolOptions } from '../scheduling/slot-pool.js';
import type { Redis } from './connection.js';
import { redisKey } from './keys.js';
import { mayHaveRun, storeUnavailable } from './redis-error.js';
import { runScript, type Script } from './script.js';
import { countSlots, extendPause, releaseSlots, takeSlots } from './slot-scripts.js';

/** How often to request again: another replica may have released slots unused. */
const requestEveryMs = 1_000;

/** How often to try again to release slots. */
const retryReleaseMs = 1_000;

/** Milliseconds, or -1 for none. */
const waitMs = z.number().transform((ms) => (ms < 0 ? undefined : ms));

const flag = z.int().transform((value) => value === 1);

const takeReply = z
  .tuple([z.array(z.tuple([z.int(), z.int()])), waitMs, waitMs, z.number(), flag, flag, z.array(z.int())])
  .transform(([taken, freeInMs, dueInMs, pauseMs, isFree, isFreeForBulk, usage]) => ({
    taken,
    freeInMs,
    dueInMs,
    pauseMs,
    isFree,
    isFreeForBulk,
    usage,
  }));

/** The options of {@link createRedisSlotPool}. */
export interface RedisSlotPoolOptions extends SlotPoolOptions {
  readonly redis: Redis;
  /** Unique among the replicas. */
  readonly replicaId: string;
}

/** A slot whose use has ended. */
interface ReleasedSlot {
  readonly member: string;
  /** The key of the user's slots. `undefined` if the reply with the user was lost: then the user's slot expires. */
  readonly userKey: string | undefined;
  readonly wasUsed: boolean;
  /** When the slot is free in any case, as `performance.now()` has it. */
  readonly expiresAt: number;
}

/** The waiting requests of one user and one priority, and the key of the slots that the user has used for it. */
interface KeyedDemand extends UserDemand {
  readonly level: PriorityLevel;
  readonly key: string;
}

/** Creates a pool of slots that replicas share. */
export function createRedisSlotPool(options: RedisSlotPoolOptions): SlotPool {
  const { redis, replicaId, name, limit, windowMs, deadlineMs } = options;
  const slotsKey = redisKey('quota', name);
  const burstKey = redisKey('quota-burst', name);
  const paceKey = redisKey('quota-pace', name);
  const pauseKey = redisKey('quota-pause', name);
  const waitingKeys = [redisKey('quota-interactive-waiting', name), redisKey('quota-bulk-waiting', name)];
  const holdMs = deadlineMs + windowMs;
  const settings = [limit, reservedSlots(limit), burstSlots(limit), ...minShares(limit), windowMs, holdMs];
  let requestCount = 0;
  let pausedUntil = 0;
  /** The usage of the users of the last request, by level and user. */
  let lastUsage: ReadonlyMap<string, number> = new Map<string, number>();
  let notifyFreed: (() => void) | undefined;
  let released: ReleasedSlot[] = [];

  const run = (script: Script, keys: readonly string[], args: readonly (string | number)[]) =>
    runScript(redis, script, keys, args);

  /** Hashed, so that the key does not contain the user's id. */
  const userKey = (level: PriorityLevel, user: string) =>
    redisKey(`quota-${level}`, `${name}:${createHash('sha256').update(user).digest('base64url')}`);

  const keyed = (level: PriorityLevel, users: readonly UserDemand[]) =>
    users.map((each): KeyedDemand => ({ ...each, level, key: userKey(level, each.user) }));

  /** Releases the slots whose use ended in this iteration of the event loop. */
  async function flush(): Promise<void> {
    const flushedAt = performance.now();
    const slots = released.filter(({ expiresAt }) => expiresAt > flushedAt);
    released = [];
    if (slots.length === 0) return;
    const keys = [...new Set([slotsKey, burstKey, ...slots.flatMap((slot) => slot.userKey ?? [])])];
    const args = slots.flatMap(({ member, userKey: key, wasUsed }) => [
      member,
      key === undefined ? 0 : keys.indexOf(key) + 1,
      wasUsed ? 1 : 0,
    ]);
    try {
      await run(releaseSlots, keys, [windowMs, ...args]);
      notifyFreed?.();
    } catch {
      // Used slots expire by themselves. Releasing unused slots is retried until they have expired as well.
      const unused = slots.filter(({ wasUsed }) => !wasUsed);
      setTimeout(() => unused.forEach(release), retryReleaseMs).unref();
    }
  }

  function release(slot: ReleasedSlot): void {
    if (released.length === 0) setImmediate(() => void flush());
    released.push(slot);
  }

  function endUse(member: string, user: string | undefined, wasUsed: boolean): void {
    release({ member, userKey: user, wasUsed, expiresAt: performance.now() + holdMs });
  }

  async function take({ interactive, bulk, maxBulk }: Demand): Promise<Grant> {
    const prefix = `${replicaId} ${requestCount++} `;
    const users = [...keyed('interactive', interactive), ...keyed('bulk', bulk)];
    // A pause that Redis could not store applies to this replica.
    const maxNow = performance.now() < pausedUntil ? 0 : maxBulk;
    try {
      const reply = await run(
        takeSlots,
        [slotsKey, burstKey, paceKey, pauseKey, ...waitingKeys, ...users.map(({ key }) => key)],
        [...settings, prefix, maxNow, interactive.length, ...users.map(({ waiting }) => waiting)],
      );
      return grantOf(takeReply.parse(reply), users, prefix);
    } catch (error) {
      const failure = error instanceof CallError ? error : storeUnavailable(error);
      if (mayHaveRun(failure)) {
        // The reply is lost or late, but the script may have taken slots: release them.
        const count = Math.min(limit, totalWaiting(interactive) + Math.min(totalWaiting(bulk), maxNow));
        for (let each = 1; each <= count; each++) endUse(`${prefix}${each}`, undefined, false);
      }
      throw failure;
    }
  }

  function grantOf(reply: z.infer<typeof takeReply>, users: readonly KeyedDemand[], prefix: string): Grant {
    const { taken, freeInMs, dueInMs, pauseMs, isFree, isFreeForBulk, usage } = reply;
    const repliedAt = performance.now();
    pausedUntil = Math.max(pausedUntil, repliedAt + pauseMs);
    lastUsage = new Map(users.map(({ level, user }, index) => [`${level} ${user}`, usage[index] ?? 0]));
    const slots: Record<PriorityLevel, Slot[]> = { interactive: [], bulk: [] };
    let memberCount = 0;
    for (const [index, count] of taken) {
      const demand = users[index - 1];
      if (demand === undefined) continue;
      const { level, user, key } = demand;
      for (let each = 0; each < count; each++) {
        const member = `${prefix}${++memberCount}`;
        slots[level].push({ user, release: (wasUsed) => endUse(member, key, wasUsed) });
      }
    }
    // A slot stays in use for at least one window, unless it is released unused.
    const freeAt = repliedAt + Math.min(freeInMs ?? windowMs, windowMs);
    const dueAt = repliedAt + (dueInMs ?? windowMs);
    return {
      slots,
      nextFreeAt: {
        interactive: isFree ? repliedAt : freeAt,
        bulk: Math.max(isFreeForBulk ? repliedAt : freeAt, pausedUntil),
      },
      retryAt: Math.min(freeAt, dueAt, repliedAt + requestEveryMs),
    };
  }

  return {
    limit,
    windowMs,
    async request(demand) {
      // One command requests all slots that are needed in the same iteration of the event loop.
      await immediate();
      return take(demand());
    },
    pauseBulk(ms) {
      const until = performance.now() + ms;
      if (until <= pausedUntil) return;
      pausedUntil = until;
      run(extendPause, [pauseKey], [Math.ceil(ms)]).catch(() => undefined);
    },
    usedBy: (user, level) => lastUsage.get(`${level} ${user}`),
    used: async () => z.int().parse(await run(countSlots, [slotsKey], [holdMs])),
    onFreed(listener) {
      notifyFreed = listener;
    },
  };
}
