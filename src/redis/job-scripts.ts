import { definitions, dueChannel, jobIndexKey, prelude } from './job-keys.js';
import { createScript } from './script.js';

/**
 * Stores a job with its rows.
 *
 * ARGV: id, state, member, hash of the owner's id, sealed record, counts, number of rows, the key of the start ('' for
 * none), retention in ms, the maximum number of active jobs of a person and in total, the maximum number of rows of a
 * person and in total, then pairs (index, sealed row)
 * Returns the id, or that of the job that was started with the key; `jobs` or `rows` if that limit is reached.
 */
export const createJob = createScript(`${prelude}
  local id, state, member, person, record, counts, rows, key = unpack(ARGV, 1, 8)
  local retention, maxOwn, maxActive, maxOwnRows, maxRows = unpack(ARGV, 9, 13)
  deleteExpired(tonumber(retention))
  local existing = key ~= '' and redis.call('GET', key)
  if existing and redis.call('EXISTS', jobKey(existing)) == 1 then return existing end
  if not mayActivate(person, maxOwn, maxActive) then return 'jobs' end
  if not hasSpace(member, maxOwnRows, maxRows) then return 'rows' end
  redis.call('HSET', jobKey(id), 'record', record, 'version', 0, 'run', 0, 'counts', counts, 'person', person,
    'member', member, 'key', key)
  for first = 14, #ARGV, 1000 do
    redis.call('HSET', rowsKey(id), unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
  if key ~= '' then redis.call('SET', key, id) end
  redis.call('INCRBY', total, rows)
  redis.call('INCRBY', totalOfPerson(member), rows)
  redis.call('ZADD', '${jobIndexKey}', 0, member)
  enter(id, state, retention)
  publish(id)
  return id`);

/**
 * Replaces the record of a job, if it is as it was read.
 *
 * ARGV: id, the version that was read, the number of the run ('' if the change is not made by a run), sealed record,
 * state, retention in ms, the maximum number of active jobs of a person and in total
 * Returns `changed`, `conflict`, `gone`, `replaced` if a later run has replaced the run, or `full` if the job is to be
 * queued and the limits are reached.
 */
export const updateJob = createScript(`${prelude}
  local id, version, run, record, state, retention, maxOwn, maxActive = unpack(ARGV)
  local current, latest, from, person = read(id, 'version', 'run', 'state', 'person')
  if not current then return 'gone' end
  if run ~= '' and run ~= latest then return 'replaced' end
  if current ~= version then return 'conflict' end
  if state == 'queued' and not isIn(activeStates, from) and not mayActivate(person, maxOwn, maxActive) then
    return 'full'
  end
  redis.call('HSET', jobKey(id), 'record', record, 'version', version + 1)
  enter(id, state, retention)
  publish(id)
  return 'changed'`);

/**
 * Replaces rows of a job.
 *
 * ARGV: id, the number of the run, counts, then pairs (index, sealed row)
 * Returns 1, or 0 if the job no longer exists or a later run has replaced the run.
 */
export const saveRows = createScript(`${prelude}
  local id, run, counts = unpack(ARGV, 1, 3)
  if read(id, 'run') ~= run then return 0 end
  redis.call('HSET', jobKey(id), 'counts', counts)
  for first = 4, #ARGV, 1000 do
    redis.call('HSET', rowsKey(id), unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
  publish(id .. ' rows')
  return 1`);

/**
 * Reads how much is stored.
 *
 * ARGV: retention in ms, then all states
 * Returns the number of rows; the time since which the oldest active job is in its state (0 if there is none); the rows
 * of active jobs without an outcome; for each state the number of jobs.
 */
export const readStats = createScript(`${definitions}
  local oldest, waiting, numbers = 0, 0, {}
  for _, state in ipairs(activeStates) do
    local members = redis.call('ZRANGE', stateKey(state), 0, -1, 'WITHSCORES')
    for n = 1, #members, 2 do
      local since = tonumber(members[n + 1])
      if oldest == 0 or since < oldest then oldest = since end
      waiting = waiting + tonumber(string.match(read(idOf(members[n]), 'counts') or '0', '^%d+'))
    end
    numbers[state] = #members / 2
  end
  for _, state in ipairs(waitingStates) do numbers[state] = redis.call('ZCARD', stateKey(state)) end
  for _, state in ipairs(endedStates) do
    numbers[state] = redis.call('ZCOUNT', stateKey(state), now - ARGV[1], '+inf')
  end
  local reply = { tonumber(redis.call('GET', total) or 0), oldest, waiting }
  for n = 2, #ARGV do reply[n + 2] = numbers[ARGV[n]] or 0 end
  return reply`);

/**
 * Renews the leases of the runs of this replica, and takes jobs. A run that takes a job has a number of its own, and
 * the runs with lower numbers can no longer write.
 *
 * ARGV: retention in ms, lease in ms, which jobs to take (0: none; 1: those that are due; 2: also those whose lease has
 * ended), then pairs (id, number) of the runs of this replica
 * Returns pairs (id, number) of the new runs, and the ids of the runs that are lost.
 */
export const takeJobs = createScript(`${prelude}
  local retention, lease, which = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  deleteExpired(retention)
  -- Redis has lost its data: end the streams of lost jobs.
  if redis.call('EXISTS', total) == 0 then
    redis.call('INCRBY', total, 0)
    publish('')
  end
  local lost, taken = {}, {}
  for n = 4, #ARGV, 2 do
    if read(ARGV[n], 'run') == ARGV[n + 1] then redis.call('ZADD', leases, 'XX', now + lease, ARGV[n])
    else lost[#lost + 1] = ARGV[n] end
  end
  local isLeased = {}
  for _, id in ipairs(redis.call('ZRANGE', leases, 0, -1)) do isLeased[id] = true end
  local function take(id)
    redis.call('ZREM', due, id)
    local run = read(id, 'run')
    if not run then return redis.call('ZREM', leases, id) end
    redis.call('HSET', jobKey(id), 'run', run + 1)
    redis.call('ZADD', leases, now + lease, id)
    taken[#taken + 1] = id
    taken[#taken + 1] = run + 1
  end
  if which > 0 then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now)) do
      if not isLeased[id] then take(id) end
    end
  end
  if which > 1 then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do take(id) end
  end
  return { taken, lost }`);

/**
 * Ends a run.
 *
 * ARGV: id, the number of the run, after how many ms the job is to be run again: 0 for now, '' for not at all
 */
export const endRun = createScript(`${prelude}
  local id, run, delay = unpack(ARGV)
  if read(id, 'run') ~= run then return end
  redis.call('ZREM', leases, id)
  if delay == '0' then
    redis.call('ZADD', due, 0, id)
    redis.call('PUBLISH', '${dueChannel}', '')
  elseif delay ~= '' then
    redis.call('ZADD', due, 'NX', now + delay, id)
  end`);
