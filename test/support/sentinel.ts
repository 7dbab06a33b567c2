import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { expect } from 'vitest';
import { startProcess } from './process.js';
import { freePort, startRedis, type TestRedis } from './redis-server.js';

/** How long a Redis must be silent before the Sentinel replaces it, in milliseconds. */
const downAfterMs = 5_000;

/** A primary, a replica of it, and a Sentinel that replaces the primary when it fails. */
export interface TestSentinel {
  /** The two servers; the first one is the primary at the start. */
  readonly servers: readonly [TestRedis, TestRedis];
  /** `REDIS_URL` for it. Nothing listens at the first of its two Sentinels. */
  readonly url: string;
  /** The port of the server that the Sentinel names. */
  primaryPort(): Promise<number>;
  close(): Promise<void>;
}

const portOf = ({ url }: TestRedis) => Number(new URL(url).port);

/**
 * Starts all three.
 *
 * @param credentials of the servers, as they are in a URL; the servers have such a user
 * @param password of the Sentinel
 */
export async function startSentinel(credentials: string, password: string): Promise<TestSentinel> {
  const servers = [await startRedis(), await startRedis()] as const;
  const [primary, replica] = servers;
  const [user = '', userPassword = ''] = credentials.split(':');
  for (const { inspect } of servers) {
    await inspect.sendCommand(['ACL', 'SETUSER', user, 'on', `>${userPassword}`, '~*', '&*', '+@all']);
  }
  await replica.inspect.sendCommand(['REPLICAOF', '127.0.0.1', String(portOf(primary))]);
  await expect.poll(() => replica.inspect.info('replication')).toContain('master_link_status:up');

  const [port, unused] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `sentinel monitor primary 127.0.0.1 ${portOf(primary)} 1`,
    `sentinel down-after-milliseconds primary ${downAfterMs}`,
    'sentinel failover-timeout primary 10000',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const server = startProcess('redis-server', [file, '--sentinel'], { cwd: folder, stdio: 'ignore' });
  const sentinel = createClient({
    url: `redis://:${password}@127.0.0.1:${port}`,
    socket: { reconnectStrategy: () => 50 },
  });
  sentinel.on('error', () => undefined);
  await sentinel.connect();
  await expect.poll(() => sentinel.sendCommand(['SENTINEL', 'CKQUORUM', 'primary']).catch(String)).toContain('OK');
  await expect.poll(() => sentinel.sendCommand(['SENTINEL', 'REPLICAS', 'primary'])).toHaveLength(1);
  return {
    servers,
    url: `redis+sentinel://${credentials}@127.0.0.1:${unused},127.0.0.1:${port}/primary/1?sentinelPassword=${password}`,
    async primaryPort() {
      const reply = await sentinel.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'primary']);
      return Number((reply as unknown as readonly string[])[1]);
    },
    async close() {
      sentinel.destroy();
      await server.stop();
      await rm(folder, { recursive: true });
      for (const each of servers) await each.close();
    },
  };
}
