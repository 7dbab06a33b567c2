import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { authenticate } from '../support/compared-apps.js';
import { useFixture } from '../support/fixture.js';
import { addressOf, usePrograms } from '../support/program.js';
import { callHead, openConnection, type RawConnection, untilStatuses } from '../support/raw-connection.js';
import { scrape } from '../support/scrape.js';
import { canaryToken } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { startTestApp } from '../support/test-app.js';

const simulator = useSimulator(canaryToken);
const app = useFixture(
  () =>
    startTestApp({
      authenticate,
      graphUrl: simulator.baseUrl,
      limits: { connections: 20, unreadMs: 1_000 },
    }),
  (started) => started.stop(),
);
const startProgram = usePrograms('test');

const largestAsset = readdirSync('dist/console/assets').find((name) => /^index-.*\.js$/.test(name));
const asset = `GET /assets/${largestAsset} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const health = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** Opens connections that do not read, and sends `bytes` over each. */
const openUnread = (address: string, count: number, bytes: string): Promise<readonly RawConnection[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const connection = await openConnection(address, false);
      connection.socket.write(bytes);
      return connection;
    }),
  );

/** The open files of this process that are assets. */
const openAssets = () =>
  readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).includes('/console/assets/');
    } catch {
      // It has been closed meanwhile.
      return false;
    }
  }).length;

describe('pipelined requests', () => {
  test('are handled one after the other', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(asset + health + asset.replace('GET', 'POST') + health);
    await untilStatuses(connection, [200, 200, 404, 200]);
    connection.socket.destroy();
  });

  test('after one that closes the connection are not handled', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(health.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') + health);
    await connection.closed;
    expect(connection.statuses()).toEqual([200]);
  });

  test('are handled if up to 32 of them wait; more close the connection', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(health.repeat(33));
    await untilStatuses(connection, Array(33).fill(200));
    connection.socket.write(health.repeat(10_000));
    await connection.closed;
    expect(connection.statuses().length).toBeLessThan(100);
  });
});

describe('a client that does not read', () => {
  test('an asset is disconnected after a while, and no file stays open', async () => {
    const connections = await openUnread(app.address, 3, asset.repeat(30));
    await Promise.all(
      connections.map(({ socket, closed }) => {
        // What was received before the reset is read, so that the reset is noticed.
        setTimeout(() => socket.resume(), 10_000).unref();
        return closed;
      }),
    );
    // Each was sending a file.
    const interrupted = (line: string) => line.includes('"route":"/assets","status":null');
    await expect.poll(() => app.logged.filter(interrupted)).toHaveLength(3);
    await expect.poll(openAssets).toBe(0);
  });

  test('and sends more is disconnected, too', async () => {
    const [connection] = await openUnread(app.address, 1, asset.repeat(30));
    const { socket, closed } = connection ?? expect.fail('no connection');
    const sending = setInterval(() => socket.write('GET'), 200);
    await closed;
    clearInterval(sending);
  });
});

describe('at the limit of connections', () => {
  test('idle ones make room', async () => {
    const idle = await Promise.all(
      Array.from({ length: 19 }, async () => {
        const connection = await openConnection(app.address);
        connection.socket.write(health);
        await untilStatuses(connection, [200]);
        return connection;
      }),
    );
    const next = await openConnection(app.address);
    next.socket.write(health);
    await untilStatuses(next, [200]);
    await Promise.all(idle.map(({ closed }) => closed));
    next.socket.destroy();
  });

  test('new ones are refused, once the others are in use, and accepted again afterwards', async () => {
    const busy = await openUnread(app.address, 20, 'GET /heal');
    const refused = await openConnection(app.address);
    await refused.closed;
    expect(app.logged.filter((line) => line.includes('connections refused'))).toHaveLength(1);
    for (const { socket } of busy) socket.destroy();
    await expect
      .poll(() =>
        fetch(`${app.address}/healthz`).then(
          ({ status }) => status,
          () => undefined,
        ),
      )
      .toBe(200);
  });
});

test('floods leave no file, socket, timer or memory behind', async () => {
  const program = startProgram('dist/main.js', { PORT: '0', METRICS_PORT: '0', SIGN_IN: 'oidc' });
  const address = await addressOf(program);
  const metrics = new URL((await program.line('serving metrics')).replace(/^.*(http:[^"]*)".*$/, '$1'));
  const files = () => readdirSync(`/proc/${program.pid}/fd`).length;
  const rssMb = () => {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  };
  const timers = async () =>
    (await scrape(metrics))
      .filter(({ name, labels }) => name === 'nodejs_active_resources' && labels['type'] === 'Timeout')
      .reduce((sum, { value }) => sum + value, 0);

  const body = callHead('scriptUserState.updateMany?batch=1', [
    'trpc-accept: application/jsonl',
    `content-length: ${1024 * 1024}`,
  ]);
  const floods: readonly (readonly [count: number, bytes: string])[] = [
    [400, body + ' '.repeat(1024 * 1024 - 1)],
    [20, asset.repeat(500)],
    [300, asset.repeat(5)],
    [300, `GET / HTTP/1.1\r\nhost: localhost\r\n${`x: ${'y'.repeat(900)}\r\n`.repeat(30)}`],
    [10, health.repeat(10_000)],
    [50, '\u0016\u0003\u0001\u0002\u0000'.repeat(1_000)],
  ];
  const flood = async () => {
    for (const [count, bytes] of floods) {
      const connections = await openUnread(address, count, bytes);
      // The service responds to others meanwhile.
      expect((await fetch(`${address}/healthz`)).status).toBe(200);
      for (const { socket } of connections) socket.destroy();
    }
  };

  await fetch(`${address}/healthz`);
  const before = { files: files(), timers: await timers() };
  await flood();
  await expect.poll(files).toBeLessThanOrEqual(before.files + 2);
  await expect.poll(timers).toBeLessThanOrEqual(before.timers + 2);
  const afterFirst = rssMb();
  await flood();
  await flood();
  await expect.poll(files).toBeLessThanOrEqual(before.files + 2);
  // The heap grows to a working size once. What a flood left behind would grow with each.
  expect(rssMb()).toBeLessThan(afterFirst + 150);
  expect(rssMb()).toBeLessThan(512);
});
