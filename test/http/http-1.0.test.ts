import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { useService } from '../support/service.js';
import { manyStates } from '../support/states.js';

const service = useService();

/** Sends a request of HTTP/1.0. Resolves with what the service sends until it closes the connection. */
async function send(path: string, input: unknown, headers: readonly string[] = []) {
  const socket = connect(Number(service.url.port), service.url.hostname);
  await once(socket, 'connect');
  const body = JSON.stringify(input);
  const all = ['host: localhost', 'x-csrf: 1', 'content-type: application/json', `content-length: ${body.length}`];
  socket.write(`POST ${path} HTTP/1.0\r\n${[...all, ...headers].join('\r\n')}\r\n\r\n${body}`);
  const received = await text(socket);
  const end = received.indexOf('\r\n\r\n');
  return { head: received.slice(0, end).toLowerCase(), body: received.slice(end + 4) };
}

// HTTP/1.0 has no chunks: a client, or a proxy such as nginx, would read their lengths as content.

test.each([
  ['a call', '/trpc/script.list', { scriptKind: 'deviceShellScript' }],
  ['a batch', '/trpc/session.current,session.current?batch=1', {}],
  ['a rejected call', '/trpc/script.list', {}],
  ['an unknown path', '/none', {}],
])('the response to %s has no chunks', async (_, path, input) => {
  const { head, body } = await send(path, input);
  expect(head).not.toContain('transfer-encoding');
  expect(JSON.parse(body)).toBeDefined();
});

test('a stream ends with the connection', async () => {
  const updates = rowsOf(await manyStates(service, 3, ['deviceShellScript']), 100);
  const { head, body } = await send('/trpc/scriptUserState.updateMany?batch=1', { 0: { updates } }, [
    'trpc-accept: application/jsonl',
  ]);
  expect(head).toMatch(/^http\/1\.1 200 /);
  expect(head).not.toContain('transfer-encoding');
  expect(head).toContain('connection: close');
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  for (const line of lines) expect(() => void JSON.parse(line), line).not.toThrow();
  expect(body.match(/"ok":true/g)).toHaveLength(updates.length);
});
