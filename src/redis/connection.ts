import type { Logger } from 'pino';
import { createClient } from 'redis';
import { CallError } from '../errors.js';
import type { Secret } from '../secret.js';
import { RedisError, redisErrorCode } from './redis-error.js';

/** How long a command may take. A healthy Redis responds within a millisecond. */
const commandTimeoutMs = 2_000;

/** The minimum time between two reconnects because the server rejects writes. */
const reconnectEveryMs = 1_000;

/** The maximum number of commands in flight, so that a Redis that hangs does not fill the memory. Further ones fail. */
const maxCommands = 50_000;

const createRedisClient = (url: string) =>
  createClient({
    url,
    // Without a connection, commands fail immediately instead of queueing: each caller has its own deadline.
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCommands,
    // Pings keep an idle connection busy, so that `socketTimeout` detects a server that has stopped responding.
    pingInterval: 1_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: 4_000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) + Math.floor(Math.random() * 50),
    },
  });

/** The client that commands are run with. */
export type Commands = ReturnType<typeof createRedisClient>;

/** The connection to the Redis that replicas share. */
export interface Redis {
  /**
   * Runs a command, or several that are sent together.
   *
   * @throws {CallError} `OVERLOADED` when Redis is unavailable, does not respond in time, or rejects the command
   */
  run<T>(command: (commands: Commands) => Promise<T>): Promise<T>;
  /** Whether Redis accepts writes. A Redis that is full, or is no longer the primary, accepts only reads. */
  isUp(): Promise<boolean>;
  /** Calls back with each message of a channel. Messages published while there is no connection are lost. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Calls back after each connect and reconnect. */
  onConnected(listener: () => void): void;
  close(): Promise<void>;
}

/** The full name of a key or channel. The prefix separates it from those of other applications. */
export const redisKey = (kind: string, name: string): string => `script-state-bff:${kind}:${name}`;

/** The error for a call that cannot start, because it needs Redis. */
export const storeUnavailable = (cause: unknown): CallError =>
  new CallError('OVERLOADED', { retryAfterMs: 1_000, cause });

/** Connects to Redis, and reconnects until closed. @param onError called after each command that fails */
export function createRedis(url: Secret, log: Logger, onError?: () => void): Redis {
  const commands = createRedisClient(url.reveal());
  const subscriber = commands.duplicate({ disableOfflineQueue: false });
  let isReportedDown = false;
  let canReconnect = true;

  function reportDown(error: unknown): void {
    // Each failed attempt to reconnect emits an error. Log the first one.
    if (!isReportedDown) log.error({ cause: redisErrorCode(error) }, 'Redis is unavailable');
    isReportedDown = true;
  }

  function reportUp(): void {
    if (isReportedDown) log.info('Redis is available again');
    isReportedDown = false;
  }

  commands.on('error', reportDown);
  commands.on('ready', () => void isUp());
  subscriber.on('error', () => undefined);
  // The clients retry forever, so these promises settle on the first connect or on close.
  const connecting = Promise.allSettled([commands.connect(), subscriber.connect()]);

  async function attempt<T>(command: (client: Commands) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new DOMException('Redis did not respond in time', 'TimeoutError')),
        commandTimeoutMs,
      );
    });
    try {
      return await Promise.race([command(commands), timeout]);
    } catch (cause) {
      onError?.();
      const error = new RedisError(cause);
      if (error.code === 'READONLY') reconnect();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes the server close the connections. After a failover, the client then connects to the new primary. */
  function reconnect(): void {
    if (!canReconnect) return;
    canReconnect = false;
    setTimeout(() => {
      canReconnect = true;
    }, reconnectEveryMs).unref();
    for (const client of [commands, subscriber]) client.sendCommand(['QUIT']).catch(() => undefined);
  }

  async function isUp(): Promise<boolean> {
    // Without a connection the client emits `error`, which reports it.
    if (!commands.isReady) return false;
    try {
      // A write that stores nothing: an empty value at offset 0 creates no key.
      await attempt((client) => client.setRange(redisKey('probe', 'write'), 0, ''));
    } catch (error) {
      reportDown(error);
      return false;
    }
    reportUp();
    return true;
  }

  return {
    run: (command) =>
      attempt(command).catch((error: unknown) => {
        throw storeUnavailable(error);
      }),
    isUp,
    subscribe(channel, listener) {
      subscriber.subscribe(channel, listener).catch(() => undefined);
    },
    onConnected: (listener) => void commands.on('ready', listener),
    async close() {
      commands.destroy();
      subscriber.destroy();
      await connecting;
    },
  };
}
