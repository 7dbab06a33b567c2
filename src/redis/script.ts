import { createHash } from 'node:crypto';
import type { Redis } from './connection.js';
import { redisErrorCode } from './redis-error.js';

/** A Lua script that Redis runs atomically. */
export interface Script {
  readonly text: string;
  /** Its name in Redis. */
  readonly sha1: string;
}

/** Creates a script. Its header names its KEYS, its ARGV and its result. */
export const createScript = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** Stands for the reply of a script that Redis doesn't know. */
const unknownScript = Symbol('unknown script');

function whenUnknown(error: unknown): typeof unknownScript {
  if (redisErrorCode(error) !== 'NOSCRIPT') throw error;
  return unknownScript;
}

/**
 * Runs a script by its name, since Redis would otherwise receive and hash its text each time. The text is a command of
 * its own, so that a script whose name got no reply in time does not run later.
 */
export async function runScript(
  redis: Redis,
  { text, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const options = { keys: [...keys], arguments: args.map(String) };
  const reply = await redis.run<unknown>((commands) => commands.evalSha(sha1, options).catch(whenUnknown));
  return reply === unknownScript ? redis.run<unknown>((commands) => commands.eval(text, options)) : reply;
}
