import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthority } from '../support/authority.js';
import { createClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { type Microsoft, startMicrosoft } from '../support/microsoft.js';
import { addressOf, usePrograms } from '../support/program.js';
import { canaryToken } from '../support/service.js';
import { startTestSimulator, type TestSimulator } from '../support/simulator.js';
import { oneState } from '../support/states.js';

let folder: string;
let simulator: TestSimulator;
let microsoft: Microsoft;
/** Accepts every connection. While it is a black hole, nothing that it receives is passed on. */
let network: Server;
let isBlackHole = false;
const sockets = new Set<Socket>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'black-hole-'));
  const authority = await createAuthority();
  await writeFile(join(folder, 'authority.pem'), authority.certificate);
  simulator = await startTestSimulator({ token: canaryToken });
  microsoft = await startMicrosoft(simulator, await authority.issue(['localhost']));
  network = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    if (isBlackHole) return;
    const onward = connect(microsoft.port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
    socket.once('close', () => onward.destroy());
  }).listen(0, '127.0.0.1');
  await once(network, 'listening');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  network.close();
  await microsoft.close();
  await simulator.close();
  await rm(folder, { recursive: true });
});
const startProgram = usePrograms('test');

test('while connections to Graph lead nowhere, calls fail in time as not sent, and succeed after it', async () => {
  const program = startProgram('dist/main.js', {
    PORT: '0',
    SIGN_IN: 'off',
    GRAPH_CREDENTIAL: 'access-token',
    GRAPH_ACCESS_TOKEN: canaryToken,
    GRAPH_BASE_URL: `https://localhost:${(network.address() as AddressInfo).port}/beta`,
    GRAPH_DEADLINE_MS: '3000',
    NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
  });
  const address = await addressOf(program);
  const client = createClient(address);
  const { target } = await oneState({ client });
  await simulator.reset();

  isBlackHole = true;
  for (const socket of sockets) socket.destroy();
  const patch = { errorDeviceCount: 4 };
  const calls = [
    ...Array.from({ length: 20 }, () => failure(client.scriptUserState.update.mutate({ ...target, patch }))),
    failure(client.script.list.query({ scriptKind: 'deviceShellScript' })),
  ];
  const reasons = (await Promise.all(calls)).map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(new Set(['GRAPH_UNAVAILABLE']));
  expect(await simulator.journal()).toEqual([]);
  expect((await fetch(`${address}/readyz`)).status).toBe(200);

  isBlackHole = false;
  expect(await client.scriptUserState.update.mutate({ ...target, patch })).toMatchObject(patch);
});
