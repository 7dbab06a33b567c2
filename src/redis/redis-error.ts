import { ErrorReply } from 'redis';

/** A failed Redis command. Only `code` is logged: the message of the cause can contain an address. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: string;

  constructor(cause: unknown) {
    super('Redis failed', { cause });
    this.code = redisErrorCode(cause);
  }
}

/** The code of a failure: the prefix of Redis's error reply (`OOM`), a system error code, or the name of the error. */
export function redisErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof ErrorReply) return /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? 'ErrorReply';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'Error' ? error.constructor.name : error.name;
}
