import { createScript } from './script.js';

/*
 * A tag is a text beside each activity, by which Redis selects it: its kind of script, its script, its state and its
 * job, separated by dots. Except for the kind, they are fingerprints.
 */

/** The number of entries that {@link readScript} reads at a time. */
const chunkSize = 100;

/**
 * Appends activities to the stream of all, and the id and tag of each to the streams by which it is found. Does nothing
 * if the batch has been appended already: a caller that got no reply sends it again.
 *
 * KEYS[1] the number of the writer's last batch
 * KEYS[2] the stream of all activities
 * KEYS[3…] the other streams
 * ARGV[1] the number of the batch
 * ARGV[2] how many entries a stream keeps, roughly
 * ARGV[3] how long they are kept, ms
 * ARGV[4…] for each activity: its value, its tag, and the numbers of two of KEYS, or 0
 */
export const appendScript = createScript(`
  if tonumber(redis.call('GET', KEYS[1]) or 0) >= tonumber(ARGV[1]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  for at = 4, #ARGV, 4 do
    local tag = ARGV[at + 1]
    local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 't', tag, 'v', ARGV[at])
    for _, index in ipairs({ tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]) }) do
      if index > 0 then redis.call('XADD', KEYS[index], 'MAXLEN', '~', ARGV[2], id, 't', tag) end
    end
  end
  local now = redis.call('TIME')
  local oldest = string.format('%.0f', now[1] * 1000 - ARGV[3])
  for index = 2, #KEYS do
    redis.call('XTRIM', KEYS[index], 'MINID', '~', oldest)
    redis.call('PEXPIRE', KEYS[index], ARGV[3])
  end
  return 1`);

/**
 * Reads activities, newest first.
 *
 * KEYS[1] the stream by which they are found
 * KEYS[2] the stream of all activities
 * ARGV[1] the id to start before, or an empty text
 * ARGV[2] how long they are kept, ms
 * ARGV[3] how many entries to read at most
 * ARGV[4] how many activities to return at most
 * ARGV[5…8] the parts of the tag; an empty part selects all
 * Returns the id to continue before, or an empty text at the end, and the values.
 */
export const readScript = createScript(`
  local now = redis.call('TIME')
  local oldest = string.format('%.0f', now[1] * 1000 - ARGV[2])
  local before = ARGV[1]
  local values = {}
  local function isSelected(tag)
    local index = 5
    for part in string.gmatch(tag .. '.', '([^.]*)%.') do
      if ARGV[index] ~= '' and ARGV[index] ~= part then return false end
      index = index + 1
    end
    return true
  end
  for read = 1, ARGV[3], ${chunkSize} do
    local from = before == '' and '+' or '(' .. before
    local entries = redis.call('XREVRANGE', KEYS[1], from, oldest, 'COUNT', ${chunkSize})
    for _, entry in ipairs(entries) do
      before = entry[1]
      if isSelected(entry[2][2]) then
        local found = KEYS[1] == KEYS[2] and entry or redis.call('XREVRANGE', KEYS[2], before, before)[1]
        -- The older ones have been removed as well.
        if not found then return { '', values } end
        values[#values + 1] = found[2][4]
        if #values == tonumber(ARGV[4]) then return { before, values } end
      end
    end
    if #entries < ${chunkSize} then return { '', values } end
  end
  return { before, values }`);
