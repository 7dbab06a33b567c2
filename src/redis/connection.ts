import type { Logger } from 'pino';
import { createClient, ErrorReply } from 'redis';
import { CallError } from '../errors.js';
import type { Secret } from '../secret.js';

/** A command that takes longer than this has failed: Redis answers within a millisecond or is in trouble. */
const commandTimeoutMs = 2_000;

/** A server that takes no writes is left, but not more often than this. */
const leaveEveryMs = 1_000;

/** More commands than this under way at a time are refused, so that a Redis that hangs doesn't fill the memory. */
const maxCommands = 50_000;

/** What {@link createRedis} makes its clients with; its type is that of the client. */
const connect = (url: string) =>
  createClient({
    url,
    // Commands fail at once while there is no connection: whoever waits for them decides how long.
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCommands,
    // A server that is silent for longer than a ping's turn has gone, whatever the connection says.
    pingInterval: 1_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: 4_000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) + Math.floor(Math.random() * 50),
    },
  });

/** The commands of Redis. */
export type Commands = ReturnType<typeof connect>;

/** The Redis that replicas share. */
export interface Redis {
  /**
   * Runs a command, or several that go out together.
   *
   * @throws {CallError} `OVERLOADED` when Redis is away, hangs or refuses
   */
  run<T>(command: (commands: Commands) => Promise<T>): Promise<T>;
  /** Whether it takes writes at this moment: one that is full, or not the primary any more, answers and takes none. */
  isUp(): Promise<boolean>;
  /** Calls back with each message of a channel, as long as there is a connection. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Called whenever a connection has been made, also after one was lost. */
  whenConnected(listener: () => void): void;
  close(): Promise<void>;
}

/** The name of a key or a channel: others may use the same Redis. */
export const redisKey = (kind: string, name: string): string => `script-state-bff:${kind}:${name}`;

/** Whatever went wrong with Redis: nothing was begun that needs it. */
export const storeUnavailable = (cause: unknown): CallError =>
  new CallError('OVERLOADED', { retryAfterMs: 1_000, cause });

/** What went wrong with Redis, in a word that names no address. */
class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: string;

  constructor(cause: unknown) {
    super('Redis failed', { cause });
    this.code = codeOf(cause);
  }
}

/** Connects, and goes on trying: a Redis that is away is waited for, never given up. @param onError told of each command that fails */
export function createRedis(url: Secret, log: Logger, onError?: () => void): Redis {
  const commands = connect(url.reveal());
  const messages = commands.duplicate({ disableOfflineQueue: false });
  let isKnownLost = false;
  function lost(error: unknown): void {
    // Each attempt fails anew; one line for all of them.
    if (!isKnownLost) log.error({ cause: codeOf(error) }, 'Redis is unavailable');
    isKnownLost = true;
  }
  commands.on('error', lost);
  commands.on('ready', () => void isUp());
  messages.on('error', () => undefined);
  // Neither ever gives up, so that both promises only end when they are connected or closed.
  const connecting = Promise.allSettled([commands.connect(), messages.connect()]);

  async function attempt<T>(command: (client: Commands) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new DOMException('Redis did not answer in time', 'TimeoutError')),
        commandTimeoutMs,
      );
    });
    try {
      return await Promise.race([command(commands), tooLate]);
    } catch (cause) {
      onError?.();
      const error = new RedisError(cause);
      if (error.code === 'READONLY') leave();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  let isLeaving = false;
  /** Has the connections closed by the server: after a failover the address leads to another one. */
  function leave(): void {
    if (isLeaving) return;
    isLeaving = true;
    setTimeout(() => {
      isLeaving = false;
    }, leaveEveryMs).unref();
    for (const client of [commands, messages]) client.sendCommand(['QUIT']).catch(() => undefined);
  }

  async function isUp(): Promise<boolean> {
    // The connection tells by itself when it is lost.
    if (!commands.isReady) return false;
    try {
      // A write that leaves nothing behind.
      await attempt((client) => client.setRange(redisKey('probe', 'write'), 0, ''));
    } catch (error) {
      lost(error);
      return false;
    }
    if (isKnownLost) log.info('Redis is available again');
    isKnownLost = false;
    return true;
  }

  return {
    run: (command) =>
      attempt(command).catch((error: unknown) => {
        throw storeUnavailable(error);
      }),
    isUp,
    subscribe(channel, listener) {
      messages.subscribe(channel, listener).catch(() => undefined);
    },
    whenConnected: (listener) => void commands.on('ready', listener),
    async close() {
      commands.destroy();
      messages.destroy();
      await connecting;
    },
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // Redis begins what it says with a word for programs.
  if (error instanceof ErrorReply) return /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? 'ErrorReply';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'Error' ? error.constructor.name : error.name;
}
