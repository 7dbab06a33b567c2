import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { createTRPCClient, httpBatchLink, httpLink } from '@trpc/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { AppRouter } from '../../src/contract.js';
import { blocksOf, readPage } from '../support/documentation.js';
import { addressOf, type Program, usePrograms } from '../support/program.js';
import { canaryToken, liveSettings } from '../support/service.js';

const span = z.object({
  traceId: z.string(),
  id: z.string(),
  name: z.string(),
  parentSpanContext: z.object({ spanId: z.string() }).optional(),
  attributes: z.record(z.string(), z.unknown()),
  status: z.object({ code: z.number() }),
});

interface Trace {
  readonly id: string;
  readonly header: string;
}

const newTrace = (): Trace => {
  const id = crypto.randomUUID().replaceAll('-', '');
  return { id, header: `00-${id}-b7ad6b7169203331-01` };
};

/** The `traceparent` headers that Graph received. */
const seen: (string | undefined)[] = [];
/** The names of all headers that Graph received. */
const headerNames = new Set<string>();
const page = { value: [] };
const item = z.object({ id: z.string(), headers: z.record(z.string(), z.string()).default({}) });
const startProgram = usePrograms();
const operations = await readPage('src/deploy/README.md');
let graph: Server;
let folder: string;
let service: Program;
let address: string;

beforeAll(async () => {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'application/json');
    for (const name of Object.keys(request.headers)) headerNames.add(name);
    if (!request.url?.endsWith('$batch')) {
      seen.push(request.headers['traceparent'] as string | undefined);
      response.statusCode = request.url?.includes('missing') ? 404 : 200;
      response.end(JSON.stringify(page));
      return;
    }
    const { requests } = z.object({ requests: z.array(item) }).parse(JSON.parse(await text(request)));
    seen.push(...requests.map(({ headers }) => headers['traceparent']));
    for (const name of requests.flatMap(({ headers }) => Object.keys(headers))) headerNames.add(name);
    response.end(
      JSON.stringify({ responses: requests.map(({ id }) => ({ id, status: 200, headers: {}, body: page })) }),
    );
  }
  graph = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(graph, 'listening');
  // As the page on operations shows it: outside of the service's packages, with a second copy of the API.
  const [snippet = ''] = blocksOf(operations, 'js');
  folder = await mkdtemp(join(tmpdir(), 'tracing-'));
  const packages = join('node_modules', '@opentelemetry');
  await cp(packages, join(folder, packages), { recursive: true });
  await writeFile(join(folder, 'tracing.mjs'), snippet);
  service = startProgram('dist/main.js', {
    NODE_OPTIONS: `--import ${pathToFileURL(join(folder, 'tracing.mjs')).href}`,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    PORT: '0',
    SIGN_IN: 'off',
    ...liveSettings({ baseUrl: `http://127.0.0.1:${(graph.address() as AddressInfo).port}/beta` }),
  });
  address = await addressOf(service);
});
afterAll(async () => {
  graph.close();
  await rm(folder, { recursive: true });
});

/** The spans of a trace, once `count` of them are exported. */
async function spansOf({ id }: Trace, count: number) {
  const read = () => {
    const blocks = service.stdout.join('\n').match(/^\{$[\s\S]*?^\}$/gm) ?? [];
    const objects = blocks.map((block) => block.replaceAll(/TraceState \{[^}]*\}\s*\}/g, '{}'));
    return objects.map((object) => span.parse(runInNewContext(`(${object})`))).filter(({ traceId }) => traceId === id);
  };
  await expect.poll(read).toHaveLength(count);
  return read();
}

const script = (scriptId: string) => ({ scriptKind: 'deviceShellScript', scriptId }) as const;
const scriptId = '5723bc5e-9681-409c-b724-94dc7ca2e702';

function clientIn({ header }: Trace, link: typeof httpLink | typeof httpBatchLink) {
  const url = `${address}/trpc`;
  const headers = { 'x-csrf': '1', traceparent: header, tracestate: 'vendor=canary', baggage: 'user=canary' };
  return createTRPCClient<AppRouter>({ links: [link({ url, headers })] });
}

test('a call is a span in the caller’s trace, which is passed on to Graph', async () => {
  const trace = newTrace();
  seen.length = 0;
  await clientIn(trace, httpLink).script.list.query({ scriptKind: 'deviceShellScript' });
  const [call, request] = (await spansOf(trace, 2)).toSorted((a, b) => b.name.length - a.name.length);
  expect(call).toMatchObject({
    name: 'script.list',
    parentSpanContext: { spanId: 'b7ad6b7169203331' },
    attributes: { 'rpc.method': 'script.list', 'script_state_bff.outcome': 'OK' },
    status: { code: 0 },
  });
  expect(request).toMatchObject({
    name: 'GET',
    parentSpanContext: { spanId: call?.id },
    attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
  });
  expect(seen).toEqual([`00-${trace.id}-${request?.id}-01`]);
});

test('each call of a batch has its own span, even in one batch to Graph', async () => {
  const trace = newTrace();
  seen.length = 0;
  const client = clientIn(trace, httpBatchLink);
  await Promise.all([
    client.scriptUserState.list.query(script(scriptId)),
    client.scriptUserState.list.query(script(scriptId)),
  ]);
  const spans = await spansOf(trace, 4);
  const requests = spans.filter(({ name }) => name === 'GET');
  const calls = spans.filter(({ name }) => name === 'scriptUserState.list').map(({ id }) => id);
  expect(new Set(requests.map(({ parentSpanContext }) => parentSpanContext?.spanId))).toEqual(new Set(calls));
  expect(new Set(seen)).toEqual(new Set(requests.map(({ id }) => `00-${trace.id}-${id}-01`)));
});

test('a failed call is a failed span with its reason', async () => {
  const trace = newTrace();
  const failing = clientIn(trace, httpLink).scriptUserState.list.query(script('missing'));
  await expect(failing).rejects.toThrow();
  const [call, request] = (await spansOf(trace, 2)).toSorted((a, b) => b.name.length - a.name.length);
  expect(call).toMatchObject({ status: { code: 2 }, attributes: { 'script_state_bff.outcome': 'GRAPH_NOT_FOUND' } });
  expect(request).toMatchObject({ status: { code: 2 }, attributes: { 'http.response.status_code': 404 } });
});

test('of the caller’s trace context, Graph receives traceparent only', () => {
  expect([...headerNames]).toContain('traceparent');
  expect([...headerNames]).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(tracestate|baggage)$/)]));
});

test('no span contains a token', () => {
  expect(service.stdout.join('\n')).not.toContain(canaryToken);
});

test('the page on operations installs the versions that are tested', async () => {
  const { dependencies, devDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const [command = ''] = blocksOf(operations, 'sh').filter((block) => block.startsWith('npm install --prefix tracing'));
  const [api, sdk] = ['@opentelemetry/api', '@opentelemetry/sdk-trace-node'];
  expect(command.trim().split(' ').slice(-2)).toEqual([
    `${api}@${dependencies[api ?? '']}`,
    `${sdk}@${devDependencies[sdk ?? '']}`,
  ]);
});
