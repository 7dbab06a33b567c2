import type { Logger } from 'pino';
import { ClientOfflineError } from 'redis';
import { z } from 'zod';
import type { Secret } from '../secret.js';
import { parseRedisUrl } from './address.js';
import { type Commands, connectClients } from './clients.js';
import { redisKey } from './keys.js';
import { denied, explainDenial, probe } from './probe.js';
import { RedisError, redisErrorCode, storeUnavailable } from './redis-error.js';

/** How long a command may take. A healthy Redis responds within a millisecond. */
const commandTimeoutMs = 2_000;

/** The minimum time between two reconnects because the server rejects writes. */
const reconnectEveryMs = 1_000;

/** By how much the clock of a replica may differ from that of Redis. */
const toleratedOffsetMs = 1_000;

const timeScript = `return redis.call('TIME')`;
const timeReply = z.tuple([z.string(), z.string()]);

/** What an operator has to do about a code. */
const advice: Readonly<Record<string, string>> = {
  NOPERM: ': its user lacks permissions, and `npm run doctor` prints the command that grants them',
  NOAUTH: ': it requires a password, which REDIS_URL does not have',
  WRONGPASS: ': it rejects the user name or the password in REDIS_URL',
};

/** The connection to the Redis that replicas share. */
export interface Redis {
  /**
   * Runs a command, or several that are sent together.
   *
   * @throws {CallError} `OVERLOADED` when Redis is unavailable, does not respond in time, or rejects the command;
   *   without `retryAfterMs` when it denies access
   */
  run<T>(command: (commands: Commands) => Promise<T>): Promise<T>;
  /**
   * Whether everything that the service uses works: reads, writes, scripts and messages. A Redis that is full, or is no
   * longer the primary, accepts only reads.
   */
  isUp(): Promise<boolean>;
  /** As {@link Redis.isUp}. @throws {RedisError} why it does not work */
  check(): Promise<void>;
  /**
   * How far the clock of Redis, which all replicas share, is ahead of this replica's, in milliseconds; 0 if they differ
   * by less than a second.
   */
  readonly clockOffsetMs: number;
  /** Calls back with each message of a channel. Messages published while there is no connection are lost. */
  subscribe(channel: string, listener: (message: string) => void): void;
  /** Calls back when commands can be sent after each connect and reconnect, also of the connection for messages. */
  onConnected(listener: () => void): void;
  close(): Promise<void>;
}

interface Subscription {
  readonly channel: string;
  readonly listener: (message: string) => void;
  /** Undefined before the first attempt, and after one that failed. */
  subscribed: Promise<void> | undefined;
}

/**
 * Connects to Redis, and reconnects until closed.
 *
 * @param onError called after each command that fails
 * @throws {TypeError} if the URL is invalid
 */
export function createRedis(url: Secret, log: Logger, onError?: () => void): Redis {
  const address = parseRedisUrl(url.reveal());
  if (address === undefined) throw new TypeError('the URL of Redis is invalid');
  const subscriptions: Subscription[] = [];
  const connectedListeners: (() => void)[] = [];
  const probeChannel = redisKey('probe', crypto.randomUUID());
  let probeCount = 0;
  let onProbeMessage: ((message: string) => void) | undefined;
  let reportedCode: string | undefined;
  let connectionError: RedisError | undefined;
  let messageError: RedisError | undefined;
  let pendingCheck: Promise<void> | undefined;
  let canReconnect = true;
  let clockOffsetMs = 0;

  subscribe(probeChannel, (message) => onProbeMessage?.(message));
  const clients = connectClients(address, {
    onReady() {
      connectionError = undefined;
      attempt(measureClock).catch(() => undefined);
      notifyConnected();
      subscribeAgain();
      void isUp();
    },
    onError(error) {
      // Of the commands with which a connection starts, only SELECT requires a permission.
      connectionError = explainDenial('select', error);
      // A Sentinel may be unavailable while the primary is not.
      if (!clients.isReady()) reportDown(connectionError);
    },
    onMessageError(error) {
      messageError = error === undefined ? undefined : explainDenial('subscribe', error);
      if (error === undefined && clients.isReady()) notifyConnected();
    },
  });

  function notifyConnected(): void {
    for (const listener of connectedListeners) listener();
  }

  function reportDown(error: unknown): void {
    const code = redisErrorCode(error);
    // Each failed attempt to reconnect emits an error. Log the first one, and one that needs an operator.
    if (reportedCode === undefined || (code in advice && code !== reportedCode)) {
      const missing = error instanceof RedisError && error.missingRules.length > 0 ? error.missingRules : undefined;
      log.error({ cause: code, missing }, `Redis is unavailable${advice[code] ?? ''}`);
      reportedCode = code;
    }
  }

  function reportUp(): void {
    if (reportedCode !== undefined) log.info('Redis is available again');
    reportedCode = undefined;
  }

  async function attempt<T>(command: (commands: Commands) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new DOMException('Redis did not respond in time', 'TimeoutError')),
        commandTimeoutMs,
      );
    });
    try {
      if (!clients.isReady()) throw offlineError();
      return await Promise.race([command(clients.commands), timeout]);
    } catch (cause) {
      onError?.();
      const error = cause instanceof RedisError ? cause : new RedisError(cause);
      if (error.code === 'READONLY') reconnect();
      // The check finds out, and reports, which permissions are missing.
      if (error.isDenied && reportedCode === undefined) void isUp();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  function offlineError(): RedisError {
    const cause = connectionError?.cause ?? new ClientOfflineError();
    return new RedisError(cause, connectionError?.missingRules, false);
  }

  /** Makes the server close the connections. After a failover, the client then connects to the new primary. */
  function reconnect(): void {
    if (!canReconnect) return;
    canReconnect = false;
    setTimeout(() => {
      canReconnect = true;
    }, reconnectEveryMs).unref();
    clients.reconnect();
  }

  async function measureClock(commands: Commands): Promise<void> {
    const sentAt = Date.now();
    const reply: unknown = await commands.eval(timeScript).catch(denied('eval'));
    const [seconds, microseconds] = timeReply.parse(reply);
    const ahead = Math.round(Number(seconds) * 1_000 + Number(microseconds) / 1_000 - (sentAt + Date.now()) / 2);
    const isOff = Math.abs(ahead) >= toleratedOffsetMs;
    if (isOff && clockOffsetMs === 0) {
      log.warn({ aheadSeconds: -Math.round(ahead / 1_000) }, 'the clock of this replica differs from that of Redis');
    }
    clockOffsetMs = isOff ? ahead : 0;
  }

  function subscribe(channel: string, listener: Subscription['listener']): void {
    subscriptions.push({ channel, listener, subscribed: undefined });
  }

  /** Makes the next check subscribe: the client behind a Sentinel can lose its subscriptions in a failover. */
  function subscribeAgain(): void {
    for (const subscription of subscriptions) subscription.subscribed = undefined;
  }

  /** Subscribes to the channels to which this has not been done, or failed. */
  async function subscribeToAll(): Promise<void> {
    const pending = subscriptions.map((subscription) => {
      subscription.subscribed ??= clients
        .subscribe(subscription.channel, subscription.listener)
        .catch((error: unknown) => {
          subscription.subscribed = undefined;
          denied('subscribe')(error);
        });
      return subscription.subscribed;
    });
    await Promise.all(pending);
  }

  async function runCheck(): Promise<void> {
    const message = String(probeCount++);
    const received = new Promise<void>((resolve) => {
      onProbeMessage = (each) => {
        if (each === message) resolve();
      };
    });
    await attempt(async () => {
      if (messageError?.isDenied) throw messageError;
      await subscribeToAll();
    });
    await attempt(async (commands) => {
      const clock = measureClock(commands).catch(() => undefined);
      await probe(commands, probeChannel, message);
      await clock;
    });
    await attempt(() => received).catch((error: unknown) => {
      subscribeAgain();
      throw error;
    });
  }

  function check(): Promise<void> {
    pendingCheck ??= runCheck().finally(() => {
      pendingCheck = undefined;
    });
    return pendingCheck;
  }

  async function isUp(): Promise<boolean> {
    // Without a connection the client emits `error`, which reports it.
    if (!clients.isReady()) return false;
    try {
      await check();
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
    check,
    get clockOffsetMs() {
      return clockOffsetMs;
    },
    subscribe(channel, listener) {
      subscribe(channel, listener);
      subscribeToAll().catch(() => undefined);
    },
    onConnected: (listener) => void connectedListeners.push(listener),
    close: () => clients.close(),
  };
}
