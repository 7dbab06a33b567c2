import { createHash } from 'node:crypto';
import type { Commands } from './clients.js';

/** A Lua script that Redis runs atomically. */
export interface Script {
  readonly text: string;
  /** Its name in Redis. */
  readonly sha1: string;
}

/** Creates a script. Its header names its KEYS, its ARGV and its result. */
export const createScript = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** Runs a script by its name, since Redis would otherwise receive and hash its text each time. */
export async function runScript(
  commands: Commands,
  { text, sha1 }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const options = { keys: [...keys], arguments: args.map(String) };
  try {
    return await commands.evalSha(sha1, options);
  } catch (error) {
    // Redis doesn't know the script yet, or has been restarted.
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return commands.eval(text, options);
  }
}
