import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { useGraphServer } from '../support/graph-server.js';
import { liveSettings, useService } from '../support/service.js';

const graph = useGraphServer();
const service = useService(() => ({ ...liveSettings(graph), GRAPH_DEADLINE_MS: '2000' }));
beforeEach(() => graph.reset());

const target = { scriptKind: 'deviceShellScript', scriptId: '8d1f', userStateId: '8d1f:0a1b' } as const;
const get = () => service.client.scriptUserState.get.query(target);
const state = { id: target.userStateId, successDeviceCount: 0, errorDeviceCount: 1, userPrincipalName: 'é@x.example' };
const plain = Buffer.from(JSON.stringify(state));

function respond(encoding: string, body: Uint8Array, status = 200): void {
  graph.respond(() => ({ status, headers: { 'content-encoding': encoding, 'request-id': 'abc' }, body }));
}

test.each<[string, string, Uint8Array]>([
  ['gzip', 'gzip', gzipSync(plain)],
  ['gzip by its old name, in capitals', 'X-GZIP', gzipSync(plain)],
  ['gzip in two parts', 'gzip', Buffer.concat([gzipSync(plain.subarray(0, 9)), gzipSync(plain.subarray(9))])],
  ['deflate', 'deflate', deflateSync(plain)],
  ['deflate without its header', 'deflate', deflateRawSync(plain)],
  ['brotli', 'br', brotliCompressSync(plain)],
  ['gzip of brotli', 'br, gzip', gzipSync(brotliCompressSync(plain))],
  ['identity', 'identity', plain],
  ['gzip that a proxy has decompressed', 'gzip', plain],
  ['a byte order mark', 'identity', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain])],
  ['gzip of a byte order mark', 'gzip', gzipSync(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain]))],
])('a response in %s is read', async (_, encoding, body) => {
  respond(encoding, body);
  expect(await get()).toEqual(state);
});

test('a compressed error is read', async () => {
  const body = { error: { code: 'ResourceNotFound', message: 'no such state' } };
  respond('gzip', gzipSync(JSON.stringify(body)), 404);
  expect(await failure(get())).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
});

test('a compressed response to a write is read', async () => {
  respond('gzip', gzipSync(plain));
  const patch = { errorDeviceCount: 1 };
  expect(await service.client.scriptUserState.update.mutate({ ...target, patch })).toEqual(state);
  expect(graph.received).toHaveLength(1);
});

test('pages of lists may be compressed', async () => {
  respond('gzip', gzipSync(JSON.stringify({ value: [state] })));
  const { scriptKind, scriptId } = target;
  const { items } = await service.client.scriptUserState.list.query({ scriptKind, scriptId });
  expect(items).toEqual([state]);
  expect(graph.received[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
});

test('the response to a single read need not be compressed', async () => {
  respond('identity', plain);
  await get();
  expect(graph.received[0]?.headers).not.toHaveProperty('accept-encoding');
});

const zeros = Buffer.alloc(1024 * 1024 * 512);

test.each<[string, string, Uint8Array]>([
  ['gzip that expands to 512 MiB', 'gzip', gzipSync(zeros)],
  ['deflate that expands to 512 MiB', 'deflate', deflateSync(zeros)],
  ['brotli that expands to 512 MiB', 'br', brotliCompressSync(zeros)],
  ['gzip of gzip that expands to 512 MiB', 'gzip, gzip', gzipSync(gzipSync(zeros))],
  ['gzip that is cut off', 'gzip', gzipSync(plain).subarray(0, -12)],
  ['gzip that is corrupt', 'gzip', Buffer.concat([gzipSync(plain).subarray(0, 12), plain])],
  ['an unknown coding', 'compress', plain],
  ['the name of a method of objects', 'constructor', plain],
  ['too many codings', 'identity, identity, identity, identity', plain],
])('%s is rejected', async (_, encoding, body) => {
  respond(encoding, body);
  const before = process.memoryUsage.rss();
  const { reason, graph: ids } = await failure(get());
  expect(reason).toBe('GRAPH_PROTOCOL');
  expect(ids).toMatchObject({ requestId: 'abc' });
  expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024);
});

test('an update whose response cannot be decoded is verified', async () => {
  graph.respond(({ method }) => ({
    status: 200,
    headers: { 'content-encoding': method === 'GET' ? 'gzip' : 'compress' },
    body: gzipSync(plain),
  }));
  const patch = { errorDeviceCount: 1 };
  expect(await service.client.scriptUserState.update.mutate({ ...target, patch })).toEqual(state);
  expect(graph.received.map(({ method }) => method)).toEqual(['PATCH', 'GET']);
});
