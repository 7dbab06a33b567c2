import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type SimulatorFault, simulatorFaults } from '../../src/simulator/faults/fault-names.js';
import { patch, pollOptions, type Reply, updateIds, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { graph, control, entries, sendBatch, updates } = simulated;

const faultyBatchBody = z.looseObject({
  responses: z.array(z.looseObject({ id: z.string(), status: z.number().optional(), body: z.unknown() })),
});
const allUpdated = [
  ['first', 200],
  ['second', 200],
  ['third', 200],
];

const withFault = (fault: string) => ({ headers: { 'x-simulator-fault': fault } });

/** The responses of a batch as pairs of id and status, sorted. */
function statuses({ json }: Reply): readonly (readonly [string, number | undefined])[] {
  return faultyBatchBody
    .parse(json)
    .responses.map(({ id, status }) => [id, status] as const)
    .toSorted(([a, s = 0], [b, t = 0]) => a.localeCompare(b) || s - t);
}

describe('a fault of a batch item', () => {
  const faults = {
    'batch-item-missing': [
      ['second', 200],
      ['third', 200],
    ],
    'batch-item-twice': [['first', 200], ['first', 404], ...allUpdated.slice(1)],
    'batch-item-foreign': [[expect.stringMatching(/^[0-9a-f-]{36}$/), 200], ...allUpdated.slice(1)],
    'batch-item-bare': [['first', undefined], ...allUpdated.slice(1)],
  } satisfies Partial<Record<SimulatorFault, unknown>>;

  test.each(Object.entries(faults))('%s by header and by rule', async (fault, expected) => {
    expect(statuses(await sendBatch(updates(), withFault(fault)))).toEqual(expected);
    await control('POST', '/faults', { fault, path: '$batch' });
    expect(statuses(await sendBatch(updates()))).toEqual(expected);
    expect(statuses(await sendBatch(updates()))).toEqual(allUpdated);

    expect((await entries()).map((entry) => [entry.batchItem, entry.fault, entry.applied])).toEqual(
      [fault, fault, null].flatMap((each) => [[null, each, false], ...updateIds.map((id) => [id, null, true])]),
    );
    for (const path of simulated.statePaths.slice(0, 3)) expect((await graph(path)).json).toMatchObject(patch);
  });

  test('applies to the first item of the request, regardless of the order of the responses', async () => {
    for (let index = 0; index < 5; index += 1) {
      const reply = await sendBatch(updates().toReversed(), withFault('batch-item-missing'));
      expect(statuses(reply).map(([id]) => id)).toEqual(['first', 'second']);
    }
  });

  test('batch-item-twice keeps the original response to the item', async () => {
    const { json } = await sendBatch(updates(), withFault('batch-item-twice'));
    const { responses } = faultyBatchBody.parse(json);
    expect(responses.filter(({ id }) => id === 'first')).toMatchObject([
      { status: 200, body: patch },
      { status: 404, body: { error: { code: 'ResourceNotFound' } } },
    ]);
  });

  test.each(Object.keys(faults))('%s has no effect on an item or on a rejected batch', async (fault) => {
    expect(statuses(await sendBatch(updates({ 'x-simulator-fault': fault })))).toEqual(allUpdated);
    expect(await sendBatch([], withFault(fault))).toMatchObject({ status: 400 });
  });
});

describe('a fault of the whole batch', () => {
  interface Expected {
    /** The status; `failed` if the connection fails, `none` if there is no response. */
    readonly response: number | 'failed' | 'none';
    /** Whether the items are executed. */
    readonly executed: boolean;
    /** The text of the body; `all` for the original body. */
    readonly body?: 'all' | RegExp;
  }
  const expected: Record<SimulatorFault, Expected> = {
    throttled: { response: 429, executed: false },
    'throttled-applied': { response: 429, executed: true },
    unavailable: { response: 503, executed: false },
    'unavailable-bare': { response: 503, executed: false },
    'server-error': { response: 500, executed: false },
    'server-error-applied': { response: 500, executed: true },
    'bad-gateway': { response: 502, executed: false, body: /^<html>/ },
    'bad-gateway-applied': { response: 502, executed: true, body: /^<html>/ },
    'gateway-timeout': { response: 504, executed: false, body: /^<html>/ },
    'gateway-timeout-applied': { response: 504, executed: true, body: /^<html>/ },
    reset: { response: 'failed', executed: false },
    'reset-applied': { response: 'failed', executed: true },
    stall: { response: 'none', executed: false },
    'stall-applied': { response: 'none', executed: true },
    'service-timeout': { response: 503, executed: false },
    'proxy-page': { response: 403, executed: false, body: /^<html>/ },
    truncated: { response: 'failed', executed: true },
    latency: { response: 200, executed: true, body: 'all' },
    'no-content': { response: 204, executed: true, body: /^$/ },
    accepted: { response: 202, executed: true, body: /^$/ },
    'accepted-unapplied': { response: 202, executed: false, body: /^$/ },
    empty: { response: 200, executed: true, body: /^$/ },
    wrapped: { response: 200, executed: true, body: 'all' },
    ignored: { response: 200, executed: true, body: 'all' },
    'ignored-no-content': { response: 204, executed: false, body: /^$/ },
    clamped: { response: 200, executed: true, body: 'all' },
    'lower-case-name': { response: 200, executed: true, body: 'all' },
    'other-id': { response: 200, executed: true, body: 'all' },
    'upper-case-id': { response: 200, executed: true, body: 'all' },
    malformed: { response: 200, executed: true, body: /not JSON$/ },
    incomplete: { response: 200, executed: true, body: 'all' },
    'byte-order-mark': { response: 200, executed: true },
    compressed: { response: 200, executed: true, body: 'all' },
    'unreadable-entry': { response: 200, executed: true, body: 'all' },
    'null-counts': { response: 200, executed: true, body: 'all' },
    'repeated-entry': { response: 200, executed: true, body: 'all' },
    oversized: { response: 200, executed: true, body: 'all' },
    redirect: { response: 302, executed: false },
    rejected: { response: 400, executed: false, body: /"error"/ },
    conflict: { response: 409, executed: false },
    'condition-not-met': { response: 412, executed: false },
    locked: { response: 423, executed: false },
    'not-found': { response: 404, executed: false },
    'route-not-implemented': { response: 400, executed: false },
    'segment-not-found': { response: 400, executed: false },
    'method-not-allowed': { response: 405, executed: false },
    'not-implemented': { response: 501, executed: false },
    'tenant-not-applicable': { response: 400, executed: false },
    'forbidden-application': { response: 403, executed: false },
    'forbidden-user': { response: 403, executed: false },
    'forbidden-nested': { response: 401, executed: false },
    'token-expired': { response: 401, executed: false },
    'claims-challenge': { response: 401, executed: false },
    'approval-required': { response: 400, executed: false },
    'approval-pending': { response: 412, executed: false },
    'approval-pending-text': { response: 403, executed: false },
    'approval-exists': { response: 409, executed: false },
    'next-link-loop': { response: 200, executed: true, body: 'all' },
    'next-link-foreign': { response: 200, executed: true, body: 'all' },
    'batch-item-missing': { response: 200, executed: true },
    'batch-item-twice': { response: 200, executed: true },
    'batch-item-foreign': { response: 200, executed: true },
    'batch-item-bare': { response: 200, executed: true },
    custom: { response: 200, executed: false, body: /^$/ },
  };
  const cases = simulatorFaults.map((fault) => [fault, expected[fault]] as const);

  test.each(cases)('%s', async (fault, { response, executed, body = /^/ }) => {
    const controller = new AbortController();
    await control('POST', '/faults', { fault, path: '$batch', ...(fault === 'latency' && { delayMs: 1 }) });
    const outcome = sendBatch(updates(), { signal: controller.signal }).catch(() => 'failed' as const);
    await expect.poll(applied, pollOptions).toEqual(executed ? [true, true, true] : []);
    await expect.poll(async () => (await entries()).map((entry) => entry.fault), pollOptions).toContain(fault);
    if (response === 'none') controller.abort();

    const reply = await outcome;
    if (reply === 'failed') {
      expect(response).toMatch(/failed|none/);
    } else {
      expect(reply.status).toBe(response);
      if (body === 'all') expect(statuses(reply)).toEqual(allUpdated);
      else expect(reply.text).toMatch(body);
      expect(reply.text.length > 4 * 1024 * 1024).toBe(fault === 'oversized');
    }
    expect((await entries())[0]).toMatchObject({ batchItem: null, batch: null, applied: false });
  });

  /** Whether each item was applied, according to the journal. */
  async function applied(): Promise<readonly boolean[]> {
    return (await entries()).flatMap((entry) => (entry.batchItem === null ? [] : [entry.applied]));
  }
});
