import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, createSentinel } from 'redis';
import type { RedisAddress } from './address.js';

/** The maximum number of commands in flight, so that a Redis that hangs does not fill the memory. Further ones fail. */
const maxCommands = 50_000;

/** How often to ask a Sentinel for the primary. Its messages about a failover usually arrive earlier. */
const scanEveryMs = 1_000;

/** How long to wait before another attempt to reach a Sentinel. */
const retryConnectMs = 1_000;

type Client = ReturnType<typeof createClient>;

/** The commands that the service sends. A script runs further ones: `probe.ts` has all of them. */
export type Commands = Pick<
  Client,
  | 'set'
  | 'get'
  | 'getEx'
  | 'exists'
  | 'del'
  | 'pExpire'
  | 'hmGet'
  | 'zAdd'
  | 'zRange'
  | 'zRangeWithScores'
  | 'zRem'
  | 'eval'
  | 'evalSha'
  | 'publish'
  | 'ping'
>;

/** What happens to the connection. */
export interface ConnectionEvents {
  /** Called after each connect and reconnect. */
  readonly onReady: () => void;
  /** Called for each attempt to connect that fails, and for each connection that is lost. */
  readonly onError: (error: unknown) => void;
  /** Called when the connection for messages fails, and with `undefined` when it is back. */
  readonly onMessageError: (error: unknown) => void;
}

/** The connections to one primary: one for commands, one for messages. Both reconnect until closed. */
export interface RedisClients {
  readonly commands: Commands;
  /** Whether commands can be sent. Without a connection they fail immediately: each caller has its own deadline. */
  readonly isReady: () => boolean;
  /** Subscribing again with the same listener has no further effect. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  /** Makes the server close the connections. An address can then lead to another server. */
  reconnect(): void;
  close(): Promise<void>;
}

function clientOptions({ tls, database, credentials }: RedisAddress) {
  return {
    ...credentials,
    database,
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCommands,
    // Pings keep an idle connection busy, so that `socketTimeout` detects a server that has stopped responding.
    pingInterval: 1_000,
    // A feature of Redis Enterprise, for which the client would resolve the address by itself: it fails for IPv6.
    maintNotifications: 'disabled',
    disableClientInfo: true,
    socket: {
      ...(tls ? ({ tls: true } as const) : {}),
      connectTimeout: 2_000,
      socketTimeout: 4_000,
      reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, 1_000) + Math.floor(Math.random() * 50),
    },
  } as const;
}

/** Connects to the server at an address, or to the primary that the Sentinels name. */
export function connectClients(address: RedisAddress, events: ConnectionEvents): RedisClients {
  return address.primaryName === undefined
    ? connectServer(address, events)
    : connectThroughSentinel(address, address.primaryName, events);
}

function connectServer(address: RedisAddress, events: ConnectionEvents): RedisClients {
  const options = clientOptions(address);
  const [{ host, port }] = address.nodes;
  const socket = { ...options.socket, host, port };
  const commands = createClient({ ...options, socket });
  const subscriber = createClient({ ...options, socket, disableOfflineQueue: false });
  commands.on('error', events.onError);
  commands.on('ready', events.onReady);
  subscriber.on('error', events.onMessageError);
  subscriber.on('ready', () => events.onMessageError(undefined));
  // The clients retry forever, so these promises settle on the first connect or on close.
  const connecting = Promise.allSettled([commands.connect(), subscriber.connect()]);
  return {
    commands,
    isReady: () => commands.isReady,
    subscribe: (channel, listener) => subscriber.subscribe(channel, listener),
    reconnect() {
      for (const client of [commands, subscriber]) client.sendCommand(['QUIT']).catch(() => undefined);
    },
    async close() {
      commands.destroy();
      subscriber.destroy();
      await connecting;
    },
  };
}

function connectThroughSentinel(
  address: RedisAddress,
  name: string,
  { onReady, onError }: ConnectionEvents,
): RedisClients {
  const options = clientOptions(address);
  const { socket, pingInterval, maintNotifications, disableClientInfo } = options;
  const sentinel = createSentinel({
    name,
    sentinelRootNodes: [...address.nodes],
    nodeClientOptions: options,
    sentinelClientOptions: {
      ...address.sentinelCredentials,
      socket,
      pingInterval,
      maintNotifications,
      disableClientInfo,
    },
    scanInterval: scanEveryMs,
    // Otherwise, commands wait for the connection to be free, and those that are sent later overtake them.
    reserveClient: true,
    // A command that failed may have been run, so that only its caller can decide whether to send it again.
    maxCommandRediscovers: 0,
    passthroughClientErrorEvents: true,
  });
  const closing = new AbortController();
  /** Whether the connection is reserved. A command that is sent before would take it. */
  let isReserved = false;
  sentinel.on('error', (error: unknown) => {
    // Until the first connect, an error may concern one of several Sentinels, and `connect` fails if it concerns all.
    // The client also emits texts, beside the errors that they are made of.
    if (isReserved && error instanceof Error) onError(error.cause ?? error);
  });
  sentinel.on('ready', () => {
    if (isReserved) onReady();
  });

  async function connect(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await sentinel.connect();
        isReserved = true;
        return onReady();
      } catch (error) {
        onError(error);
        await sleep(retryConnectMs, undefined, closing).catch(() => undefined);
      }
    }
  }
  const connecting = connect();

  return {
    commands: sentinel,
    // Without this check, commands would wait for the discovery of a primary.
    isReady: () => isReserved && sentinel.isReady && sentinel.getMasterNode() !== undefined,
    subscribe: (channel, listener) => sentinel.subscribe(channel, listener),
    reconnect() {
      sentinel.sendCommand(false, ['QUIT']).catch(() => undefined);
    },
    async close() {
      closing.abort();
      await sentinel.destroy();
      await connecting;
    },
  };
}
