import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { authenticate } from '../support/compared-apps.js';
import { useFixture } from '../support/fixture.js';
import { callHead, openConnection, untilStatuses } from '../support/raw-connection.js';
import { canaryToken } from '../support/service.js';
import { useSimulator } from '../support/simulator.js';
import { startTestApp } from '../support/test-app.js';

const simulator = useSimulator(canaryToken);
const app = useFixture(
  () => startTestApp({ authenticate, graphUrl: simulator.baseUrl }),
  (started) => started.stop(),
);

const person = (name: string) => `x-test-person: ${name}`;
const listing = '{"scriptKind":"deviceShellScript"}';

const refusals = [
  ['without a session', 'script.list', 'nobody', 401, 'SIGN_IN_REQUIRED'],
  ['without a role', 'script.list', 'without-role', 403, 'ROLE_MISSING'],
  ['of a reader that would write', 'scriptUserState.update', 'reader', 403, 'ROLE_MISSING'],
] as const;

describe.each(refusals)('a call %s', (_, procedure, name, status, reason) => {
  test('is rejected before its body arrives', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(callHead(procedure, [person(name), 'content-length: 1000']));
    await untilStatuses(connection, [status]);
    expect(connection.received()).toContain(reason);
    connection.socket.destroy();
  });

  test('that expects 100 Continue is rejected without it, and the connection is closed', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(callHead(procedure, [person(name), 'content-length: 1000', 'expect: 100-continue']));
    await connection.closed;
    expect(connection.statuses()).toEqual([status]);
    expect(connection.received()).toContain(reason);
  });

  test('leaves the connection usable, since its body is discarded', async () => {
    const connection = await openConnection(app.address);
    connection.socket.write(callHead(procedure, [person(name), 'content-length: 60000']));
    await untilStatuses(connection, [status]);
    connection.socket.write('x'.repeat(60_000));
    connection.socket.write(callHead('session.current', [`content-length: ${listing.length}`]) + listing);
    await untilStatuses(connection, [status, 200]);
    connection.socket.destroy();
  });
});

test('a streamed call without a session is rejected before its body arrives, with the same error', async () => {
  const connection = await openConnection(app.address);
  const headers = [person('nobody'), 'trpc-accept: application/jsonl', 'content-length: 1000000'];
  connection.socket.write(callHead('scriptUserState.updateMany?batch=1', headers));
  await expect.poll(connection.received).toContain('SIGN_IN_REQUIRED');
  connection.socket.destroy();
});

test('each call of a batch has its own result if one needs the body', async () => {
  const connection = await openConnection(app.address);
  const headers = [person('without-role'), 'content-length: 2', 'connection: close'];
  connection.socket.write(`${callHead('session.current,script.list?batch=1', headers)}{}`);
  await connection.closed;
  expect(connection.statuses()).toEqual([207]);
  expect(connection.received()).toContain('"oid":"without-role"');
  expect(connection.received()).toContain('ROLE_MISSING');
});

test('a client that may call and expects 100 Continue gets it, then the response', async () => {
  const connection = await openConnection(app.address);
  connection.socket.write(callHead('session.current', ['expect: 100-continue', `content-length: ${listing.length}`]));
  await untilStatuses(connection, [100]);
  connection.socket.write(listing);
  await connection.closed;
  expect(connection.statuses()).toEqual([100, 200]);
});

test.each([
  ['without a session', 'nobody'],
  ['that is too large', 'operator'],
])('an endless body %s ends the connection', async (_, name) => {
  const connection = await openConnection(app.address);
  const { socket } = connection;
  socket.write(callHead('script.list', [person(name), 'transfer-encoding: chunked']));
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const send = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', send);
  send();
  await connection.closed;
  expect(socket.bytesWritten).toBeLessThan(100 * 1024 * 1024);
});

test('a body that stalls is rejected with 408, and so are headers', async () => {
  const stalled = await openConnection(app.address);
  stalled.socket.write(`${callHead('script.list', ['content-length: 1000'])}{`);
  const refused = await openConnection(app.address);
  refused.socket.write(`${callHead('script.list', [person('nobody'), 'content-length: 1000'])}{`);
  const headers = await openConnection(app.address);
  headers.socket.write('GET /healthz HTTP/1.1\r\nhost: loc');
  const silent = await openConnection(app.address);
  await Promise.all([stalled.closed, refused.closed, headers.closed, silent.closed]);
  expect(stalled.statuses()).toEqual([408]);
  expect(stalled.received()).toContain('"code":"TIMEOUT"');
  expect(headers.statuses()).toEqual([408]);
  // A second response would belong to no request.
  expect(refused.statuses()).toEqual([401]);
});

test('a body of thousands of chunks is accepted', async () => {
  const connection = await openConnection(app.address);
  const padded = listing.padEnd(20_000);
  const chunks = [...padded].map((character) => `1\r\n${character}\r\n`).join('');
  connection.socket.write(`${callHead('session.current', ['transfer-encoding: chunked'])}${chunks}0\r\n\r\n`);
  await untilStatuses(connection, [200]);
  connection.socket.destroy();
});

test('an unknown expectation is rejected', async () => {
  const connection = await openConnection(app.address);
  connection.socket.write(callHead('script.list', ['expect: a-miracle', 'content-length: 0', 'connection: close']));
  expect(await text(connection.socket)).toMatch(/^HTTP\/1\.1 417 /);
});
