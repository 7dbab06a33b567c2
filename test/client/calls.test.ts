import { request } from 'node:http';
import { getUntypedClient, TRPCClientError } from '@trpc/client';
import { describe, expect, test } from 'vitest';
import { procedures } from '../../src/api/router.js';
import { type ClientOptions, createClient, isReason, type RouterInputs } from '../../src/client/index.js';
import { rowsOf } from '../support/bulk.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { manyStates } from '../support/states.js';

const pair = usePair({ GRAPH_DEADLINE_MS: '30000' });

/** A client, and the requests that it has sent. */
function recordingClient(options: ClientOptions = {}) {
  const requests: { readonly method: string; readonly url: URL; readonly headers: Headers }[] = [];
  const client = createClient({
    url: pair.service.address,
    ...options,
    fetch: (input, init) => {
      const { method = 'GET', headers = {}, body = null, signal = null } = init ?? {};
      const sent = new Headers(headers);
      requests.push({ method, url: new URL(String(input)), headers: sent });
      return fetch(String(input), { method, headers: sent, body: body as string, signal });
    },
  });
  return { client, requests };
}

const script = { scriptKind: 'deviceShellScript' } as const;

test('calls of one tick share a request, at most 20 of them, and all requests are POST with x-csrf', async () => {
  const { client, requests } = recordingClient({ headers: async () => ({ 'x-request-id': 'mine' }) });
  const pages = await Promise.all(Array.from({ length: 25 }, () => client.script.list.query(script)));
  expect(pages.every(({ items }) => items.length > 0)).toBe(true);
  const counts = requests.map(({ url }) => url.pathname.split(',').length);
  expect(counts.toSorted((a, b) => a - b)).toEqual([5, 20]);
  for (const { method, url, headers } of requests) {
    expect({ method, search: url.search, csrf: headers.get('x-csrf'), id: headers.get('x-request-id') }).toEqual({
      method: 'POST',
      search: '?batch=1',
      csrf: '1',
      id: 'mine',
    });
  }
});

test.each([...procedures])('%s is requested as a stream if it is one', async (path, { type, meta }) => {
  const { client, requests } = recordingClient();
  const untyped = getUntypedClient(client);
  await untyped[type === 'query' ? 'query' : 'mutation'](path, {}).catch(() => undefined);
  expect(requests.map(({ headers }) => headers.get('trpc-accept') === 'application/jsonl')).toEqual([
    meta?.streamed === true,
  ]);
});

test.each(['', '/trpc'])('the address can end in "%s"', async (path) => {
  const client = createClient({ url: new URL(path, pair.service.address) });
  expect(await client.session.current.query()).toMatchObject({ graph: 'live' });
});

test('of two streams of one tick, one can be cancelled alone', async () => {
  const rows = [...rowsOf(await manyStates(pair.service, 4, ['deviceShellScript']), 100)];
  const [first, second] = [rows.slice(0, 2), rows.slice(2)];
  await pair.simulator.reset();
  const slow = first.map(({ userStateId }) => userStateId);
  await pair.simulator.fault(
    ...slow.map((path) => ({ fault: 'latency', method: 'PATCH', path, delayMs: 10_000 }) as const),
  );
  const { client, requests } = recordingClient();
  const cancelled = new AbortController();
  const read = async (updates: RouterInputs['scriptUserState']['updateMany']['updates'], signal?: AbortSignal) => {
    let done = 0;
    const stream = await client.scriptUserState.updateMany.mutate({ updates }, { ...(signal && { signal }) });
    for await (const event of stream) if (event.type === 'result' && event.ok) done++;
    return done;
  };
  const [one, other] = [read(first, cancelled.signal), read(second)];
  const rejected = expect(one).rejects.toThrow();
  expect(await other).toBe(second.length);
  cancelled.abort();
  await rejected;
  expect(requests).toHaveLength(2);
  await expect.poll(async () => (await patches(pair.simulator)).length).toBe(rows.length);
});

describe('isReason', () => {
  test('narrows the error of a call', async () => {
    const target = { ...script, scriptId: 'none', userStateId: 'none' };
    const error: unknown = await createClient({ url: pair.service.address })
      .scriptUserState.get.query(target)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TRPCClientError);
    expect(isReason(error, 'GRAPH_NOT_FOUND')).toBe(true);
    expect(isReason(error, 'CONFLICT')).toBe(false);
  });

  test('is false for what is no error of the service', () => {
    for (const other of [undefined, null, 'x', new Error('x'), { data: null }, { data: 'x' }]) {
      expect(isReason(other, 'INTERNAL')).toBe(false);
    }
  });
});

describe('infinite queries', () => {
  test.each(['forward', 'backward'] as const)('the direction %s has no effect', async (direction) => {
    const client = createClient({ url: pair.service.address });
    expect(await client.script.list.query({ ...script, direction })).toEqual(await client.script.list.query(script));
  });

  test('another direction is rejected', async () => {
    const client = createClient({ url: pair.service.address });
    const input = { ...script, direction: 'sideways' } as unknown as RouterInputs['script']['list'];
    await expect(client.script.list.query(input)).rejects.toMatchObject({ data: { reason: 'INVALID_INPUT' } });
  });
});

/** Sends a request over HTTP, and resolves with the status, headers and body of the response. */
function send(path: string, headers: Record<string, string>, body: string) {
  return new Promise<{ status: number | undefined; headers: object; body: string }>((resolve, reject) => {
    const call = request(new URL(path, pair.service.address), { method: 'POST', headers }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    call.on('error', reject).end(body);
  });
}

describe('requests of other clients', () => {
  const csrf = { 'x-csrf': '1' };

  test.each([
    'application/json',
    'application/json;',
    'application/json; charset=utf8',
    'Application/JSON;charset="UTF-8"',
    'application/json ; charset=utf-8 ;',
  ])('with the content type %s are accepted', async (type) => {
    const { status } = await send('/trpc/script.list', { ...csrf, 'content-type': type }, JSON.stringify(script));
    expect(status).toBe(200);
  });

  test.each([
    ['text/plain', 'The content-type must be application/json.'],
    ['application/json; charset=latin1', 'The only parameter of the content-type may be charset=utf-8.'],
  ])('with the content type %s are rejected with the cause', async (type, message) => {
    const { status, body } = await send('/trpc/script.list', { ...csrf, 'content-type': type }, JSON.stringify(script));
    expect(status).toBe(415);
    expect(JSON.parse(body)).toMatchObject({ error: { message, data: { reason: 'INVALID_INPUT' } } });
  });

  const json = { ...csrf, 'content-type': 'application/json' };

  test('whose proxy has encoded the commas of a batch are accepted', async () => {
    const inputs = JSON.stringify({ 0: script, 1: script });
    const { status, body } = await send('/trpc/script.list%2Cscript.overview?batch=1', json, inputs);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toHaveLength(2);
  });

  test.each([
    ['more than 20 calls', `/trpc/${Array(21).fill('script.list').join(',')}?batch=1`, 'at most 20 calls'],
    ['a stream without a link that streams', '/trpc/scriptUserState.updateMany', 'httpBatchStreamLink'],
    ['an unknown field', '/trpc/session.current?batch=2', 'query parameter'],
  ])('with %s are rejected with the cause', async (_, path, cause) => {
    const { body } = await send(path, json, '{}');
    expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringContaining(cause) as unknown } });
  });

  test('a stream tells proxies not to hold it back', async () => {
    const [row] = rowsOf(await manyStates(pair.service, 1, ['deviceShellScript']), 100);
    const accept = { ...json, 'trpc-accept': 'application/jsonl' };
    const { headers } = await send(
      '/trpc/scriptUserState.updateMany?batch=1',
      accept,
      JSON.stringify({ 0: { updates: [row] } }),
    );
    expect(headers).toMatchObject({
      'x-accel-buffering': 'no',
      'cache-control': expect.stringContaining('no-transform') as unknown,
    });
  });
});
