import { jobStates } from '../jobs/job.js';
import { hasEnded, isActive, isWaiting } from '../jobs/job-state.js';
import { redisKey } from './keys.js';

/*
 * The jobs in Redis. Their names are part of the scripts, because the ids of the jobs that a script touches are only
 * known while it runs.
 *
 * job:ID              hash: `record` (sealed), `version` of the record, `run`: the number of the latest run, `state`,
 *                     `counts` of the rows, `person`: a hash of the owner's id, `member`, `key`
 * job-rows:ID         hash: the sealed row at each index
 * job-key:HASH        the job that a person has started with a key
 * jobs:index          sorted set of all members, in the order of their text:
 *                     `STARTED-AT ID PERSON NUMBER-OF-ROWS`, where the person is a short hash of the owner's id.
 *                     Members of earlier versions lack the person
 * jobs:state-STATE    sorted set of the members in a state, by the time since which they are in it
 * jobs:rows           the number of rows of all jobs
 * jobs:rows-of-PERSON the number of rows of all jobs of a person
 * jobs:due            sorted set of the ids of jobs that are to be run, by the time from which on
 * jobs:leases         sorted set of the ids of jobs that run, by the time at which another replica may take them
 */

export const jobKey = (jobId: string): string => redisKey('job', jobId);
export const jobRowsKey = (jobId: string): string => redisKey('job-rows', jobId);
export const startKey = (hash: string): string => redisKey('job-key', hash);
export const jobIndexKey = redisKey('jobs', 'index');
export const dueJobsKey = redisKey('jobs', 'due');

/**
 * Replicas publish the id of a job here after each change, followed by ` rows` if only its rows have changed, and
 * nothing after the loss of all jobs.
 */
export const changedChannel = redisKey('jobs', 'changed');

/** Replicas publish here when they hand a job over. */
export const dueChannel = redisKey('jobs', 'is-due');

const list = (states: readonly string[]) => `{ ${states.map((state) => `'${state}'`).join(', ')} }`;

/** What the scripts share. */
export const definitions = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local due, leases = '${dueJobsKey}', '${redisKey('jobs', 'leases')}'
  local total = '${redisKey('jobs', 'rows')}'
  local activeStates = ${list(jobStates.filter((state) => isActive({ state })))}
  local waitingStates = ${list(jobStates.filter((state) => isWaiting({ state })))}
  local endedStates = ${list(jobStates.filter((state) => hasEnded({ state })))}
  local function jobKey(id) return '${jobKey('')}' .. id end
  local function rowsKey(id) return '${jobRowsKey('')}' .. id end
  local function stateKey(state) return '${redisKey('jobs', 'state-')}' .. state end
  local function read(id, ...) return unpack(redis.call('HMGET', jobKey(id), ...)) end
  local function idOf(member) return string.match(member, '^%S+ (%S+) ') end
  local function rowsOf(member) return tonumber(string.match(member, '%d+$')) end
  local function totalOfPerson(member)
    local person = string.match(member, '^%S+ %S+ (%S+) %d+$')
    return person and '${redisKey('jobs', 'rows-of-')}' .. person
  end
  local function publish(message) redis.call('PUBLISH', '${changedChannel}', message) end
  local function isIn(states, state)
    for _, each in ipairs(states) do if each == state then return true end end
    return false
  end

  local function enter(id, state, retention)
    local from, member, key = read(id, 'state', 'member', 'key')
    if from == state then return end
    redis.call('HSET', jobKey(id), 'state', state)
    if from then redis.call('ZREM', stateKey(from), member) end
    redis.call('ZADD', stateKey(state), now, member)
    for _, each in ipairs({ jobKey(id), rowsKey(id), key ~= '' and key or nil }) do
      if isIn(endedStates, state) then redis.call('PEXPIRE', each, retention) else redis.call('PERSIST', each) end
    end
    if state == 'queued' or state == 'cancelling' then redis.call('ZADD', due, 0, id) end
  end

  local function delete(state, member)
    local id = idOf(member)
    redis.call('ZREM', stateKey(state), member)
    redis.call('ZREM', '${jobIndexKey}', member)
    redis.call('ZREM', due, id)
    redis.call('DEL', jobKey(id), rowsKey(id))
    redis.call('INCRBY', total, -rowsOf(member))
    local own = totalOfPerson(member)
    if own and redis.call('INCRBY', own, -rowsOf(member)) <= 0 then redis.call('DEL', own) end
    publish(id)
  end

  local function deleteExpired(retention)
    for _, state in ipairs(endedStates) do
      local expired = redis.call('ZRANGEBYSCORE', stateKey(state), '-inf', '(' .. now - retention, 'LIMIT', 0, 20)
      for _, member in ipairs(expired) do delete(state, member) end
    end
  end

  local function hasSpace(member, maxOwnRows, maxRows)
    local function count(key) return tonumber(redis.call('GET', key) or 0) + rowsOf(member) end
    return count(total) <= tonumber(maxRows) and count(totalOfPerson(member)) <= tonumber(maxOwnRows)
  end

  local function mayActivate(person, maxOwn, maxActive)
    local active, own = 0, 0
    for _, state in ipairs(activeStates) do
      for _, other in ipairs(redis.call('ZRANGE', stateKey(state), 0, -1)) do
        active = active + 1
        if read(idOf(other), 'person') == person then own = own + 1 end
      end
    end
    return active < tonumber(maxActive) and own < tonumber(maxOwn)
  end`;

/** The first command changes nothing, but fails if Redis is full: that is checked only until a script has written. */
export const prelude = `
  redis.call('ZADD', '${dueJobsKey}', 'XX', 0, '')${definitions}`;
