import type { Logger } from 'pino';
import { createClient } from 'redis';
import { GraphError } from '../graph/errors.js';
import type { Secret } from '../secret.js';

/** A command that takes longer than this has failed: Redis answers within a millisecond or is in trouble. */
const commandTimeoutMs = 2_000;

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
   * @throws {GraphError} `OVERLOADED` when Redis is away, hangs or refuses
   */
  run<T>(command: (commands: Commands) => Promise<T>): Promise<T>;
  /** Whether it answers at this moment. */
  isUp(): Promise<boolean>;
  /** Calls back with each message of a channel, as long as there is a connection. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Called whenever a connection has been made, also after one was lost. */
  whenConnected(listener: () => void): void;
  close(): Promise<void>;
}

/** The name of a key or a channel: others may use the same Redis. */
export const nameOf = (kind: string, name: string): string => `script-state-bff:${kind}:${name}`;

/** Whatever went wrong with Redis: nothing was begun that needs it. */
export const storeUnavailable = (cause: unknown): GraphError =>
  new GraphError('OVERLOADED', { retryAfterMs: 1_000, cause });

/** Connects, and goes on trying: a Redis that is away is waited for, never given up. @param onError told of each command that fails */
export function createRedis(url: Secret, log: Logger, onError?: () => void): Redis {
  const commands = connect(url.reveal());
  const messages = commands.duplicate({ disableOfflineQueue: false });
  let isKnownLost = false;
  commands.on('error', (error: unknown) => {
    // Each attempt to connect fails anew; one line for all of them.
    if (!isKnownLost) log.error({ cause: codeOf(error) }, 'Redis is unavailable');
    isKnownLost = true;
  });
  commands.on('ready', () => {
    if (isKnownLost) log.info('Redis is available again');
    isKnownLost = false;
  });
  messages.on('error', () => undefined);
  // Neither ever gives up, so that both promises only end when they are connected or closed.
  const connecting = Promise.allSettled([commands.connect(), messages.connect()]);

  async function run<T>(command: (client: Commands) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new DOMException('Redis did not answer in time', 'TimeoutError')),
        commandTimeoutMs,
      );
    });
    try {
      return await Promise.race([command(commands), tooLate]);
    } catch (error) {
      onError?.();
      throw storeUnavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    run,
    isUp: () =>
      run((client) => client.ping()).then(
        () => true,
        () => false,
      ),
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

/** What is wrong, in a word that names no address. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.constructor.name;
}
