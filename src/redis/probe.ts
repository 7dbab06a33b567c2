import { SimpleError } from 'redis';
import { z } from 'zod';
import type { Commands } from './clients.js';
import { keyPrefix, redisKey } from './keys.js';
import { RedisError, redisErrorCode } from './redis-error.js';

/** The keys that the probe writes, one for each type. It deletes them. */
const probeKeys = ['string', 'list', 'set', 'hash', 'stream'].map((type) => redisKey('probe', type));

/**
 * The commands that the service sends or that its scripts run, each with arguments that try it. Redis checks the
 * permissions of both in the same way.
 */
const attempts = {
  set: `KEYS[1], 0, 'PX', 60000`,
  incrby: 'KEYS[1], 1',
  expire: 'KEYS[1], 60',
  pexpire: 'KEYS[1], 60000',
  persist: 'KEYS[1]',
  pttl: 'KEYS[1]',
  get: 'KEYS[1]',
  getex: 'KEYS[1]',
  exists: 'KEYS[1]',
  rpush: 'KEYS[2], 1',
  lpos: 'KEYS[2], 1',
  lindex: 'KEYS[2], 0',
  lpop: 'KEYS[2]',
  lrem: 'KEYS[2], 1, 1',
  zadd: 'KEYS[3], 1, 1',
  zcard: 'KEYS[3]',
  zcount: 'KEYS[3], 0, 1',
  zrange: 'KEYS[3], 0, -1',
  zrangebyscore: 'KEYS[3], 0, 1',
  zremrangebyscore: 'KEYS[3], 2, 2',
  zrem: 'KEYS[3], 1',
  hset: 'KEYS[4], 1, 1',
  hmget: 'KEYS[4], 1',
  xadd: `KEYS[5], '*', 1, 1`,
  xrevrange: `KEYS[5], '+', '-'`,
  xtrim: `KEYS[5], 'MAXLEN', 1`,
  time: undefined,
  del: 'KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]',
  publish: 'ARGV[1], ARGV[2]',
} as const;

/**
 * Tries each command, whether or not an earlier one has failed.
 *
 * KEYS: a string, a list, a sorted set, a hash and a stream
 * ARGV: channel, message
 * Returns the commands that failed, each followed by its error.
 */
const probeScript = `
  local failed = {}
  local function try(name, ...)
    local reply = redis.pcall(name, ...)
    if type(reply) == 'table' and reply.err then
      failed[#failed + 1] = name
      failed[#failed + 1] = reply.err
    end
  end
  ${Object.entries(attempts)
    .map(([name, args]) => `try(${[`'${name}'`, ...(args === undefined ? [] : [args])].join(', ')})`)
    .join('\n  ')}
  return failed`;

/** The name of a script that Redis does not have. */
const unknownScript = '0'.repeat(40);

function deniedUnlessMissing(error: unknown): void {
  if (redisErrorCode(error) !== 'NOSCRIPT') denied('evalsha')(error);
}

/** An ACL rule for all keys, and one for all channels. */
const keyRule = `~${keyPrefix}*`;
const channelRule = `&${keyPrefix}*`;

/**
 * Tries everything that the service uses, except the subscription that receives the message.
 *
 * @throws {RedisError} with the ACL rules that are missing, if that is why it failed
 */
export async function probe(commands: Commands, channel: string, message: string): Promise<void> {
  const [failed] = await Promise.all([
    commands.eval(probeScript, { keys: probeKeys, arguments: [channel, message] }).catch(denied('eval')),
    commands.ping().catch(denied('ping')),
    commands.evalSha(unknownScript).catch(deniedUnlessMissing),
  ]);
  const replies = z.array(z.string()).parse(failed);
  const errors = replies.flatMap((name, index) => {
    const text = replies[index + 1];
    return index % 2 === 0 && text !== undefined ? [{ name, error: new SimpleError(text) }] : [];
  });
  const [first] = errors;
  if (first === undefined) return;
  const missing = errors.flatMap(({ name, error }) => missingRule(name, error) ?? []);
  // Redis may be full as well, but the permissions come first.
  const cause = errors.find(({ error }) => redisErrorCode(error) === 'NOPERM') ?? first;
  throw new RedisError(cause.error, [...new Set(missing)]);
}

/** Throws the error of a command, with the missing rule. */
export function denied(command: string): (error: unknown) => never {
  return (error) => {
    throw explainDenial(command, error);
  };
}

/** Adds the missing rule to the error of a command. */
export function explainDenial(command: string, error: unknown): RedisError {
  return new RedisError(error, [missingRule(command, error) ?? []].flat());
}

/** The ACL rule without which a command fails, if its error says so. */
function missingRule(command: string, error: unknown): string | undefined {
  if (!(error instanceof Error) || redisErrorCode(error) !== 'NOPERM') return undefined;
  if (/\bkeys?\b/.test(error.message)) return keyRule;
  return /\bchannels?\b/.test(error.message) ? channelRule : `+${command}`;
}

/** The command that gives a user the rights that the service needs, and no others. */
export function grantCommand(username: string, database: number): string {
  const names = [
    ...Object.keys(attempts),
    'eval',
    'evalsha',
    'ping',
    'subscribe',
    ...(database === 0 ? [] : ['select']),
  ];
  return `ACL SETUSER ${username} ${keyRule} ${channelRule} ${names
    .toSorted()
    .map((name) => `+${name}`)
    .join(' ')}`;
}
