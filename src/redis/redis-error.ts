import { ErrorReply } from 'redis';
import { CallError } from '../errors.js';

/** The codes of rejections that last until an operator changes a permission or a password. */
const accessCodes = new Set(['NOPERM', 'NOAUTH', 'WRONGPASS']);

/** A failed Redis command. Only `code` is logged: the message of the cause can contain an address. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: string;
  /** The ACL rules that the user lacks, where they are known. */
  readonly missingRules: readonly string[];
  /** Whether the command was sent. Nothing shows whether it was run. */
  readonly wasSent: boolean;

  constructor(cause: unknown, missingRules: readonly string[] = [], wasSent = true) {
    super('Redis failed', { cause });
    this.code = redisErrorCode(cause);
    this.missingRules = missingRules;
    this.wasSent = wasSent;
  }

  /** Whether Redis denies access: trying again does not help. */
  get isDenied(): boolean {
    return accessCodes.has(this.code);
  }
}

/** The code of a failure: the prefix of Redis's error reply (`OOM`), a system error code, or the name of the error. */
export function redisErrorCode(error: unknown): string {
  if (error instanceof RedisError) return error.code;
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof ErrorReply) {
    // Within a script, Redis 6 and 7.0 reply ERR in the place of NOPERM.
    if (/ACL failure in script|user executing the script can't/.test(error.message)) return 'NOPERM';
    return /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? 'ErrorReply';
  }
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'Error' ? error.constructor.name : error.name;
}

/** Whether a command that failed may have been run nevertheless. */
export const mayHaveRun = ({ cause }: CallError): boolean => !(cause instanceof RedisError) || cause.wasSent;

/**
 * Whether a script that failed may have run nevertheless. A script checks first whether it may write, so an error reply
 * means that it has changed nothing.
 */
export const mayHaveChanged = (error: CallError): boolean =>
  error.cause instanceof RedisError && mayHaveRun(error) && !(error.cause.cause instanceof ErrorReply);

/**
 * The error for a call that cannot start, because it needs Redis. It has no `retryAfterMs` if Redis denies access: then
 * the service itself does not try again.
 */
export function storeUnavailable(cause: unknown): CallError {
  const isDenied = cause instanceof RedisError && cause.isDenied;
  return new CallError('OVERLOADED', { ...(isDenied ? {} : { retryAfterMs: 1_000 }), cause });
}
