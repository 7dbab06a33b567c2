import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { startProcess } from './process.js';

/** Whether Redis is installed. */
export const isRedisInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis server that can be stopped, started and suspended. */
export interface TestRedis {
  readonly url: string;
  /** A client for the test itself. */
  readonly inspect: ReturnType<typeof clientOf>;
  /** Stops the server. It has the same data when it is started again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Kills the server, without a chance to tell anybody. */
  kill(): Promise<void>;
  /** Suspends the server: it accepts connections, but does not respond. */
  pause(): void;
  resume(): void;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

/** Starts a server on a free port, with its data in a temporary folder. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const url = `redis://127.0.0.1:${port}`;
  const inspect = clientOf(url);
  inspect.on('error', () => undefined);
  let server = run();

  function run() {
    const kept = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    const at = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    const size = ['--databases', '2000'];
    return startProcess('redis-server', [...at, ...kept, ...size], { stdio: 'ignore' });
  }

  async function answers(): Promise<void> {
    for (const giveUpAt = performance.now() + 60_000; performance.now() < giveUpAt; await sleep(20)) {
      if ((await inspect.ping().catch(() => '')) === 'PONG') return;
    }
    throw new Error('Redis did not start');
  }

  async function stop(): Promise<void> {
    server.child.kill('SIGCONT');
    await server.stop('SIGTERM');
  }

  await inspect.connect();
  await answers();
  return {
    url,
    inspect,
    stop,
    async start() {
      server = run();
      await answers();
    },
    kill: () => server.stop('SIGKILL'),
    pause: () => void server.child.kill('SIGSTOP'),
    resume: () => void server.child.kill('SIGCONT'),
    async close() {
      inspect.destroy();
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

const clientOf = (url: string) =>
  createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: () => 50 } });

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
