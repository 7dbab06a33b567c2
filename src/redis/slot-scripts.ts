import { checksPerWindow } from '../scheduling/pace.js';
import { bucketMs } from '../scheduling/sliding-window.js';
import { createScript } from './script.js';

/** The longest lifetime of a slot: entries beyond it are corrupt and removed. */
const maxHoldMs = 3_600_000;

/** How long a user counts as waiting after the last request for slots. Replicas repeat theirs in half of this time. */
const waitingMs = 2_000;

/** How many more slots a user takes than one who waits at another replica: a batch is not divided. */
const maxLead = 20;

/** When to request again what users who wait at other replicas can take first. */
const yieldMs = 50;

/**
 * Milliseconds of the Redis server's clock, which all replicas share, and the function that removes the slots that are
 * free. A slot that is in use for longer than the longest hold was taken before the clock was set back.
 */
const prelude = (hold: string) => `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function clean(key)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    local late = redis.call('ZRANGEBYSCORE', key, '(' .. now + ${hold}, '+inf', 'WITHSCORES')
    for n = 1, #late, 2 do
      if tonumber(late[n + 1]) > now + ${maxHoldMs} then redis.call('ZREM', key, late[n])
      else redis.call('ZADD', key, now + ${hold}, late[n]) end
    end
    return redis.call('ZCARD', key)
  end`;

/**
 * Takes slots, by the same rules as the pool in memory, `createPace` and `fair-share.ts`. Each slot that is not free is
 * a member whose score is the time at which it becomes free. While a request is in flight, that time allows for the
 * longest possible request and one window. After it, the slots of a dead replica are also free.
 *
 * KEYS: the slots that are not free (sorted set), those of them that bulk requests took at once (sorted set), the last
 * paced slots (hash), the pause of bulk requests (expires), the users whose interactive requests are beyond their share
 * and those whose bulk requests wait (sorted sets of the keys that follow, with the time until which they wait), then
 * for each user the slots that the user has used (sorted sets): first of the users of interactive requests, then of
 * those of bulk requests
 * ARGV: limit, reserved slots, burst slots, minimum shares (of all slots and of half of them), window in ms, longest
 * hold in ms, prefix of the new members, the number of bulk requests that can be started, the number of users of
 * interactive requests, then for each user how many requests wait
 * Returns pairs (number of the user, number of slots) in the order of the members; the ms until the next
 * slot becomes free and until the next paced slots are due (-1: after another slot becomes free); the ms of the pause;
 * whether a slot is free for interactive and for bulk requests; for each user the slots that the user has used.
 */
export const takeSlots = createScript(`
  -- Changes nothing, but fails if Redis is full: that is checked only until a script has written.
  redis.call('ZADD', KEYS[1], 'XX', 0, '')
  local arg = {}
  for n = 1, #ARGV do arg[n] = tonumber(ARGV[n]) or 0 end
  local limit, reserved, burst, minOfAll, minOfHalf, window, hold = unpack(arg, 1, 7)
  ${prelude('hold')}
  local free = limit - clean(KEYS[1])
  local levels = { { waiting = 0, users = {}, key = KEYS[5] }, { waiting = 0, users = {}, key = KEYS[6] } }
  local all = {}
  for n = 1, #KEYS - 6 do
    local level = levels[n <= arg[10] and 1 or 2]
    all[n] = { n = n, key = KEYS[n + 6], waiting = arg[n + 10], used = clean(KEYS[n + 6]) }
    table.insert(level.users, all[n])
    level.waiting = level.waiting + all[n].waiting
  end
  local interactive, bulk = levels[1], levels[2]
  local burstFree = bulk.waiting > 0 and burst - clean(KEYS[2]) or 0
  local pause = bulk.waiting > 0 and math.max(0, redis.call('PTTL', KEYS[4])) or 0
  local slots, taken = {}, 0

  local function take(level, user, count, burstKey)
    if count <= 0 then return end
    for n = taken + 1, taken + count do
      local member = ARGV[8] .. n
      redis.call('ZADD', KEYS[1], now + hold, member)
      redis.call('ZADD', user.key, now + hold, member)
      if burstKey then redis.call('ZADD', burstKey, now + hold, member) end
    end
    for _, key in ipairs({ KEYS[1], user.key, burstKey }) do redis.call('PEXPIRE', key, hold) end
    table.insert(slots, { user.n, count })
    taken, free = taken + count, free - count
    user.used, user.waiting, level.waiting = user.used + count, user.waiting - count, level.waiting - count
  end

  -- Counts the requests whose users have not used much more than those who wait at other replicas.
  local function eligible(level)
    if not level.maxUsed then
      redis.call('ZREMRANGEBYSCORE', level.key, '-inf', now)
      local own, least = {}, math.huge
      for _, user in ipairs(level.users) do own[user.key] = true end
      for _, key in ipairs(redis.call('ZRANGE', level.key, 0, -1)) do
        if not own[key] then least = math.min(least, redis.call('ZCOUNT', key, now, '+inf')) end
      end
      level.maxUsed = least + ${maxLead}
    end
    local count = 0
    for _, user in ipairs(level.users) do
      count = count + math.max(0, math.min(user.waiting, level.maxUsed - user.used))
    end
    return count
  end

  local function divide(level, count, burstKey)
    for n = 1, count do
      local least
      for _, user in ipairs(level.users) do
        if user.waiting > 0 and user.used < level.maxUsed and not (least and least.used <= user.used) then least = user end
      end
      if not least then return end
      take(level, least, 1, burstKey)
    end
  end

  local order = { unpack(interactive.users) }
  table.sort(order, function(a, b) if a.used == b.used then return a.n < b.n end return a.used < b.used end)
  for _, user in ipairs(order) do
    local half = math.max(math.floor((free - user.used) / 2), math.min(minOfHalf - user.used, math.ceil(free / 2)))
    take(interactive, user, math.min(user.waiting, free, math.max(0, minOfAll - user.used, half)))
  end

  local isPaused = pause > 0
  local isExcess = interactive.waiting > 0
  local maxBulk = (isPaused or bulk.waiting == 0) and 0 or math.min(arg[9], eligible(bulk))
  local atOnce = math.max(0, math.min(maxBulk, burstFree, free - reserved))
  divide(bulk, atOnce, KEYS[2])

  local wanted, due = (isExcess and eligible(interactive) or 0) + maxBulk - atOnce, -1
  if wanted > 0 and free > reserved then
    local step, rate = window / ${checksPerWindow}, math.huge
    for n = 1, ${checksPerWindow} do
      local later = free + redis.call('ZCOUNT', KEYS[1], '-inf', now + n * step)
      rate = math.min(rate, (later - reserved) / (n * step))
    end
    local last = redis.call('HMGET', KEYS[3], 'at', 'count')
    local at, count = tonumber(last[1] or 0) or 0, tonumber(last[2] or 0) or 0
    if now >= at + count / rate or at > now then
      at, count = now, math.min(wanted, free - reserved, math.max(1, math.floor(rate * step)))
      local excess = isExcess and math.min(count, eligible(interactive)) or 0
      divide(interactive, excess)
      divide(bulk, count - excess)
      redis.call('HSET', KEYS[3], 'at', at, 'count', count)
      redis.call('PEXPIRE', KEYS[3], window)
    end
    due = math.ceil(at + count / rate - now)
  end

  for n, level in ipairs(levels) do
    if (n == 1 and isExcess) or (n == 2 and not isPaused and #bulk.users > 0) then
      for _, user in ipairs(level.users) do
        if user.waiting > 0 then redis.call('ZADD', level.key, now + ${waitingMs}, user.key)
        else redis.call('ZREM', level.key, user.key) end
      end
      redis.call('PEXPIRE', level.key, ${waitingMs})
      if free > reserved and eligible(level) < math.min(level.waiting, 1) then due = ${yieldMs} end
    end
  end
  local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  local used = {}
  for n, user in ipairs(all) do used[n] = user.used end
  return { slots, next[2] and next[2] - now or -1, due, pause, free > 0 and 1 or 0, free > reserved and 1 or 0, used }`);

/**
 * Releases slots.
 *
 * KEYS: the slots that are not free, those that bulk requests took at once, then the slots of each user
 * ARGV: window in ms, then for each slot its member, the number of its user's key (0 if it is unknown), and whether it
 * was used (1)
 */
export const releaseSlots = createScript(`
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local at = math.ceil((now + ARGV[1]) / ${bucketMs}) * ${bucketMs}
  for n = 2, #ARGV, 3 do
    for _, key in ipairs({ KEYS[1], KEYS[2], KEYS[tonumber(ARGV[n + 1])] }) do
      if ARGV[n + 2] == '1' then redis.call('ZADD', key, 'XX', at, ARGV[n])
      else redis.call('ZREM', key, ARGV[n]) end
    end
  end`);

/**
 * Counts the slots that are not free.
 *
 * KEYS: the slots that are not free
 * ARGV: longest hold in ms
 */
export const countSlots = createScript(`${prelude('tonumber(ARGV[1])')}
  return clean(KEYS[1])`);

/**
 * Extends the pause of bulk requests.
 *
 * KEYS: the pause
 * ARGV: its ms from now
 */
export const extendPause = createScript(`
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end`);
