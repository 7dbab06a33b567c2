import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type SimulatorFault, simulatorFaults } from '../../src/simulator/faults/fault-names.js';
import { startTestSimulator, type TestSimulator } from '../support/simulator.js';

const list = z.looseObject({ value: z.array(z.looseObject({ id: z.string() })) });
const batchAnswer = z.looseObject({
  responses: z.array(z.looseObject({ id: z.string(), status: z.number().optional(), body: z.unknown() })),
});
const ids = ['first', 'second', 'third'] as const;
const patch = { successDeviceCount: 77 };

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

let simulator: TestSimulator;
let authorization: string;
let statesPath: string;
let paths: readonly string[];

/** Sends a batch; `broken` when no answer comes whole. */
async function send(
  requests: readonly object[],
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal | null = null,
): Promise<Reply | 'broken'> {
  const startedAt = performance.now();
  try {
    const response = await fetch(`${simulator.baseUrl}/$batch`, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ requests }),
      signal,
    });
    const text = await response.text();
    return { status: response.status, text, ms: performance.now() - startedAt };
  } catch {
    return 'broken';
  }
}

/** Three updates, of three states; `own` headers go with the first. */
const updates = (own: object = {}) =>
  ids.map((id, index) => ({
    id,
    method: 'PATCH',
    url: paths[index],
    headers: { 'Content-Type': 'application/json', ...(index === 0 && own) },
    body: patch,
  }));

async function read(path: string): Promise<unknown> {
  const response = await fetch(`${simulator.baseUrl}${path}`, { headers: { authorization } });
  return response.json();
}

/** The answers of a batch as pairs of id and status, sorted. */
function statuses(reply: Reply | 'broken'): readonly (readonly [string, number | undefined])[] {
  if (reply === 'broken') throw new Error('There is no answer');
  const { responses } = batchAnswer.parse(JSON.parse(reply.text));
  return responses
    .map(({ id, status }) => [id, status] as const)
    .toSorted(([a, s = 0], [b, t = 0]) => a.localeCompare(b) || s - t);
}

/** Whether each of the items was applied, by the journal; empty when none was served. */
async function applied(): Promise<readonly boolean[]> {
  return (await simulator.journal()).flatMap((entry) => (entry.batchItem === null ? [] : [entry.applied]));
}

const allUpdated = [
  ['first', 200],
  ['second', 200],
  ['third', 200],
];

beforeEach(async () => {
  simulator = await startTestSimulator();
  authorization = `Bearer ${(await simulator.credential.getToken('scope'))?.token}`;
  const scripts = list.parse(await read('/deviceManagement/deviceShellScripts')).value;
  statesPath = `/deviceManagement/deviceShellScripts/${scripts[3]?.id}/userRunStates`;
  paths = list.parse(await read(statesPath)).value.map(({ id }) => `${statesPath}/${encodeURIComponent(id)}`);
  await simulator.reset();
});

afterEach(() => simulator.close());

describe('a batch that Graph answers wrongly', () => {
  const faults = {
    'batch-item-missing': [
      ['second', 200],
      ['third', 200],
    ],
    'batch-item-twice': [['first', 200], ['first', 404], ...allUpdated.slice(1)],
    'batch-item-foreign': [[expect.stringMatching(/^[0-9a-f-]{36}$/), 200], ...allUpdated.slice(1)],
    'batch-item-bare': [['first', undefined], ...allUpdated.slice(1)],
  } satisfies Partial<Record<SimulatorFault, unknown>>;

  test.each(Object.entries(faults))('%s', async (name, seen) => {
    const fault = name as keyof typeof faults;
    expect(statuses(await send(updates(), { 'x-simulator-fault': fault }))).toEqual(seen);
    await simulator.fault({ fault, path: '$batch' });
    expect(statuses(await send(updates()))).toEqual(seen);
    expect(statuses(await send(updates()))).toEqual(allUpdated);

    expect((await simulator.journal()).map((entry) => [entry.batchItem, entry.fault, entry.applied])).toEqual(
      [fault, fault, null].flatMap((each) => [[null, each, false], ...ids.map((id) => [id, null, true])]),
    );
    for (const path of paths.slice(0, 3)) expect(await read(path)).toMatchObject(patch);
  });

  test('spoils the first item of the request, wherever its answer stands', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const reply = await send(updates().toReversed(), { 'x-simulator-fault': 'batch-item-missing' });
      expect(statuses(reply).map(([id]) => id)).toEqual(['first', 'second']);
    }
  });

  test('shows the own answer of the item beside the other', async () => {
    const twice = await send(updates(), { 'x-simulator-fault': 'batch-item-twice' });
    const { responses } = batchAnswer.parse(JSON.parse(twice === 'broken' ? '' : twice.text));
    expect(responses.filter(({ id }) => id === 'first')).toMatchObject([
      { status: 200, body: patch },
      { status: 404, body: { error: { code: 'ResourceNotFound' } } },
    ]);
  });

  test.each(Object.keys(faults))('%s does nothing to an item, and nothing to a refused batch', async (fault) => {
    expect(statuses(await send(updates({ 'x-simulator-fault': fault })))).toEqual(allUpdated);
    expect(await send([], { 'x-simulator-fault': fault })).toMatchObject({ status: 400 });
  });
});

describe('a fault of the whole batch', () => {
  interface Expected {
    /** The status; `broken` when the connection breaks, `silent` when no answer comes. */
    readonly seen: number | 'broken' | 'silent';
    /** Whether the items are served. */
    readonly served: boolean;
    /** `all`: the ordinary answer. */
    readonly body?: 'all' | RegExp;
  }
  const expected: Record<SimulatorFault, Expected> = {
    throttled: { seen: 429, served: false },
    'throttled-applied': { seen: 429, served: true },
    unavailable: { seen: 503, served: false },
    'unavailable-bare': { seen: 503, served: false },
    'server-error': { seen: 500, served: false },
    'server-error-applied': { seen: 500, served: true },
    'bad-gateway': { seen: 502, served: false, body: /^<html>/ },
    'bad-gateway-applied': { seen: 502, served: true, body: /^<html>/ },
    'gateway-timeout': { seen: 504, served: false, body: /^<html>/ },
    'gateway-timeout-applied': { seen: 504, served: true, body: /^<html>/ },
    reset: { seen: 'broken', served: false },
    'reset-applied': { seen: 'broken', served: true },
    stall: { seen: 'silent', served: false },
    'stall-applied': { seen: 'silent', served: true },
    truncated: { seen: 'broken', served: true },
    latency: { seen: 200, served: true, body: 'all' },
    'no-content': { seen: 204, served: true, body: /^$/ },
    accepted: { seen: 202, served: true, body: /^$/ },
    'accepted-unapplied': { seen: 202, served: false, body: /^$/ },
    empty: { seen: 200, served: true, body: /^$/ },
    wrapped: { seen: 200, served: true, body: 'all' },
    ignored: { seen: 200, served: true, body: 'all' },
    malformed: { seen: 200, served: true, body: /not JSON$/ },
    incomplete: { seen: 200, served: true, body: 'all' },
    oversized: { seen: 200, served: true, body: 'all' },
    redirect: { seen: 302, served: false },
    rejected: { seen: 400, served: false, body: /"error"/ },
    conflict: { seen: 409, served: false },
    'not-found': { seen: 404, served: false },
    'route-not-implemented': { seen: 400, served: false },
    'forbidden-application': { seen: 403, served: false },
    'forbidden-user': { seen: 403, served: false },
    'token-expired': { seen: 401, served: false },
    'claims-challenge': { seen: 401, served: false },
    'approval-required': { seen: 400, served: false },
    'approval-pending': { seen: 412, served: false },
    'next-link-loop': { seen: 200, served: true, body: 'all' },
    'next-link-foreign': { seen: 200, served: true, body: 'all' },
    'batch-item-missing': { seen: 200, served: true },
    'batch-item-twice': { seen: 200, served: true },
    'batch-item-foreign': { seen: 200, served: true },
    'batch-item-bare': { seen: 200, served: true },
  };
  const cases = simulatorFaults.map((fault) => [fault, expected[fault]] as const);

  test.each(cases)('%s', async (fault, { seen, served, body = /^/ }) => {
    const caller = new AbortController();
    await simulator.fault({ fault, path: '$batch', ...(fault === 'latency' && { delayMs: 1 }) });
    const outcome = send(updates(), {}, caller.signal);
    await expect.poll(applied).toEqual(served ? [true, true, true] : []);
    await expect.poll(async () => (await simulator.journal()).map((entry) => entry.fault)).toContain(fault);
    if (seen === 'silent') caller.abort();

    const reply = await outcome;
    if (reply === 'broken') {
      expect(seen).toMatch(/broken|silent/);
    } else {
      expect(reply.status).toBe(seen);
      if (body === 'all') expect(statuses(reply)).toEqual(allUpdated);
      else expect(reply.text).toMatch(body);
      expect(reply.text.length > 4 * 1024 * 1024).toBe(fault === 'oversized');
    }
    expect((await simulator.journal())[0]).toMatchObject({ batchItem: null, batch: null, applied: false });
  });
});

describe('the time that a batch takes', () => {
  test('is the latency once, not once for each item', async () => {
    await simulator.settings({ latencyMs: 300 });
    const chain = updates().map((item, index) => ({ ...item, dependsOn: ids.slice(0, index) }));
    const reply = await send(chain);
    expect(statuses(reply)).toEqual(allUpdated);
    expect(reply === 'broken' ? 0 : reply.ms).toBeGreaterThan(290);
    expect(reply === 'broken' ? 0 : reply.ms).toBeLessThan(890);
  });

  test('is that of its slowest item', async () => {
    const reply = await send(updates({ 'x-simulator-fault': 'latency;delayMs=300' }));
    expect(statuses(reply)).toEqual(allUpdated);
    expect(reply === 'broken' ? 0 : reply.ms).toBeGreaterThan(290);
    const [batch, first, second, third] = await simulator.journal();
    expect(second?.answeredAtMs).toBeLessThan((first?.answeredAtMs ?? 0) - 200);
    expect(third?.answeredAtMs).toBeLessThan((first?.answeredAtMs ?? 0) - 200);
    expect(batch?.answeredAtMs).toBeGreaterThanOrEqual(first?.answeredAtMs ?? Number.NaN);
  });
});

test('a batch within a batch is none', async () => {
  const [item] = updates();
  const nested = { id: 'nested', method: 'POST', url: '/$batch', headers: item?.headers, body: { requests: [item] } };
  expect(statuses(await send([nested]))).toEqual([['nested', 400]]);
  expect(await applied()).toEqual([false]);
});

describe('the journal', () => {
  test('names the batch of an item', async () => {
    await Promise.all([send(updates()), send(updates())]);
    await read(paths[0] ?? '');
    const entries = await simulator.journal();
    const batches = entries.filter(({ path }) => path === '/beta/$batch');
    expect(batches.map(({ batch }) => batch)).toEqual([null, null]);
    expect(entries.at(-1)).toMatchObject({ method: 'GET', batch: null, batchItem: null });
    for (const { n } of batches) {
      expect(entries.filter(({ batch }) => batch === n).map(({ batchItem }) => batchItem)).toEqual(ids);
    }
  });

  test('gives the part after an entry', async () => {
    await send(updates());
    const entries = await simulator.journal();
    expect(entries).toHaveLength(4);
    for (const [index, { n }] of entries.entries()) {
      expect(await simulator.journal(n)).toEqual(entries.slice(index + 1));
    }
    expect(await simulator.journal(0)).toEqual(entries);
    expect(await simulator.journal(1_000_000)).toEqual([]);

    await simulator.reset();
    const last = entries.at(-1)?.n ?? 0;
    await read(paths[0] ?? '');
    expect(await simulator.journal(0)).toMatchObject([{ n: last + 1 }]);
    expect(await simulator.journal(last)).toMatchObject([{ n: last + 1 }]);
    expect(await simulator.journal(last + 1)).toEqual([]);
  });

  test.each(['after=-1', 'after=x', 'after=1.5', 'after=1&after=2', 'before=1'])(
    'refuses the query %s',
    async (query) => {
      expect((await fetch(`${simulator.url}/simulator/journal?${query}`)).status).toBe(400);
    },
  );

  test('shows what was sent as JSON, or as text where it is none', async () => {
    const write = async (body: string) =>
      fetch(`${simulator.baseUrl}${paths[0]}`, { method: 'PATCH', headers: { authorization }, body });
    await write('{"Authorization":"Bearer canary","a":[1]}');
    await write('{');
    const [json, text] = await simulator.journal();
    expect(json?.body).toEqual({ Authorization: '[redacted]', a: [1] });
    expect(text?.body).toBe('{');
  });
});
