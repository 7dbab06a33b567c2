import { context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AppRouter } from '../../src/contract.js';
import { createLog } from '../../src/log.js';
import { readMany, rowsOf } from '../support/bulk.js';
import { createBatchClient, createStreamClient } from '../support/clients.js';
import { failure } from '../support/failure.js';
import { useService } from '../support/service.js';
import { manyStates, oneState } from '../support/states.js';

const exporter = new InMemorySpanExporter();
beforeAll(() => new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register());
afterAll(() => {
  for (const api of [trace, context, propagation]) api.disable();
});

const service = useService();

let traceId: string;
let headers: { readonly traceparent: string };
beforeEach(() => {
  traceId = crypto.randomUUID().replaceAll('-', '');
  headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
});

const tracedClient = () =>
  createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${service.address}/trpc`, headers: { 'x-csrf': '1', ...headers } })],
  });

/** The span ids of the calls of a procedure in the trace. */
const spansOf = (procedure: string) =>
  exporter
    .getFinishedSpans()
    .filter(({ name }) => name === procedure)
    .map((span) => span.spanContext())
    .flatMap((ids) => (ids.traceId === traceId ? [ids.spanId] : []));

/** The line of a request is written after its response. */
async function requestLine() {
  const find = () => service.lines({ msg: 'request', trace_id: traceId });
  await expect.poll(find).toHaveLength(1);
  return find()[0];
}

const missing = { scriptKind: 'deviceShellScript', scriptId: '00000000-9681-409c-b724-94dc7ca2e702' } as const;

test('the audit lines of a write and the line of its request have the ids of its span', async () => {
  const { target } = await oneState(service);
  await tracedClient().scriptUserState.update.mutate({ ...target, patch: { errorDeviceCount: 3 } });
  const [span_id] = spansOf('scriptUserState.update');
  const ids = { trace_id: traceId, span_id };
  expect(span_id).toMatch(/^[0-9a-f]{16}$/);
  expect(service.lines({ log: 'audit', ...ids })).toMatchObject([{ phase: 'intent' }, { phase: 'outcome' }]);
  expect(await requestLine()).toMatchObject({ ...ids, oid: 'local-operator' });
});

test('the audit lines of each row of a bulk update have the ids of its span', async () => {
  const rows = rowsOf(await manyStates(service, 45), 100);
  await readMany(createStreamClient(service, headers), { updates: [...rows] }).finished;
  const [span_id] = spansOf('scriptUserState.updateMany');
  const ids = { trace_id: traceId, span_id };
  for (const phase of ['intent', 'outcome']) expect(service.lines({ log: 'audit', phase, ...ids })).toHaveLength(45);
  expect(await requestLine()).toMatchObject(ids);
  const requests = exporter
    .getFinishedSpans()
    .filter(({ name, parentSpanContext }) => name === 'PATCH' && parentSpanContext?.spanId === span_id);
  expect(requests).toHaveLength(45);
});

describe('the line of a failed call', () => {
  test('has the ids of its span and of its caller', async () => {
    await failure(tracedClient().scriptUserState.list.query(missing));
    const [span_id] = spansOf('scriptUserState.list');
    expect(service.lines({ msg: 'call failed', trace_id: traceId })).toMatchObject([
      { span_id, oid: 'local-operator', reason: 'GRAPH_NOT_FOUND' },
    ]);
  });

  test('has the ids of its own span in a batch', async () => {
    const { scriptUserState } = createBatchClient(service, () => headers);
    await Promise.allSettled([scriptUserState.list.query(missing), scriptUserState.list.query(missing)]);
    const spans = spansOf('scriptUserState.list');
    expect(new Set(spans).size).toBe(2);
    const lines = service.lines({ msg: 'call failed', trace_id: traceId });
    expect(new Set(lines.map((line) => line['span_id']))).toEqual(new Set(spans));
  });

  test('has the ids of its span in a stream', async () => {
    await failure(createStreamClient(service, headers).scriptUserState.list.query(missing));
    const [span_id] = spansOf('scriptUserState.list');
    expect(service.lines({ msg: 'call failed', trace_id: traceId })).toMatchObject([{ span_id }]);
  });
});

test('a line of the log has the ids of the active span', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  log.info('before');
  const ids = trace.getTracer('test').startActiveSpan('work', (span) => {
    log.info('during');
    span.end();
    return span.spanContext();
  });
  const [before, during] = lines.map((line) => JSON.parse(line) as unknown);
  expect(before).not.toHaveProperty('trace_id');
  expect(during).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId, msg: 'during' });
});

test('a request that is rejected after its caller was identified has the id of the caller', async () => {
  const body = JSON.stringify({ ...missing, cursor: 'x'.repeat(2_000_000) });
  const { status } = await fetch(`${service.address}/trpc/scriptUserState.list`, {
    method: 'POST',
    headers: { 'x-csrf': '1', 'content-type': 'application/json', 'x-request-id': 'too-large' },
    body,
  });
  expect(status).toBe(413);
  expect(service.lines({ msg: 'request rejected', requestId: 'too-large' })).toMatchObject([{ oid: 'local-operator' }]);
});
