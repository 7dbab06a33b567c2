import { describe, expect, test } from 'vitest';
import { batchBody, patch, pollOptions, updateIds, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { control, sendBatch, entries, updates } = simulated;

// Vitest types its matchers as any.
const containing = (text: string): unknown => expect.stringContaining(text);

/** The responses to a batch's items, by id. */
async function responses(requests: unknown) {
  const { responses: items } = batchBody.parse((await sendBatch(requests)).json);
  return new Map(items.map((item) => [item.id, item]));
}

describe('a batch', () => {
  const headers = { 'Content-Type': 'application/json' };
  const item = (id: string, more: object = {}) => ({
    id,
    method: 'PATCH',
    url: simulated.statePath,
    headers,
    body: patch,
    ...more,
  });

  test('has a response for each item by its id, in another order', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    const reply = await sendBatch(ids.map((id) => ({ id, method: 'GET', url: simulated.statePath })));
    const items = batchBody.parse(reply.json).responses;
    expect(items.map(({ id }) => id)).not.toEqual(ids);
    expect(items.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(ids.map(Number));
    expect(items[0]).toMatchObject({ status: 200, headers: { 'Content-Type': containing('application/json;') } });
    expect((await entries()).map((entry) => entry['batchItem'])).toEqual([null, ...ids]);
  });

  test('gives each item its own response', async () => {
    const seen = await responses([
      item('updated'),
      item('unknown', { url: `${simulated.statesPath}/unknown` }),
      item('untyped', { headers: {} }),
      item('versioned', { url: `/beta${simulated.statePath}` }),
      item('nested', { method: 'POST', url: '/$batch', body: { requests: [] } }),
      item('throttled', { headers: { ...headers, 'x-simulator-fault': 'throttled' } }),
      item('bodiless', { headers: { ...headers, 'x-simulator-fault': 'no-content' } }),
      { id: 'anonymous', method: 'GET', url: simulated.statePath, headers: { Authorization: 'Bearer unknown' } },
    ]);
    expect(Object.fromEntries([...seen].map(([id, { status }]) => [id, status]))).toEqual({
      updated: 200,
      unknown: 404,
      untyped: 400,
      versioned: 400,
      nested: 400,
      throttled: 429,
      bodiless: 204,
      anonymous: 401,
    });
    expect(seen.get('updated')?.body).toMatchObject(patch);
    expect(seen.get('throttled')?.headers).toMatchObject({ 'Retry-After': '1' });
    expect(seen.get('bodiless')?.body).toBeUndefined();
    // The ids are headers of the batch's response and, for errors, in the body.
    for (const { headers: itemHeaders } of seen.values()) {
      expect(Object.keys(itemHeaders).map((name) => name.toLowerCase())).not.toContain('request-id');
    }
    expect(seen.get('unknown')?.body).toMatchObject({
      error: { innerError: { 'request-id': containing('-'), 'client-request-id': containing('-') } },
    });
  });

  test('runs an item after its dependencies, and not at all if one of them fails', async () => {
    const seen = await responses([
      item('a', { headers: { ...headers, 'x-simulator-fault': 'latency;delayMs=1' } }),
      { id: 'b', method: 'GET', url: simulated.statePath, dependsOn: ['a'] },
      item('c', { url: `${simulated.statesPath}/unknown` }),
      item('d', { dependsOn: ['b', 'c'] }),
    ]);
    expect(seen.get('b')).toMatchObject({ status: 200, body: patch });
    expect(seen.get('d')).toMatchObject({ status: 424 });
    expect((await entries()).at(-1)).toMatchObject({ batchItem: 'd', status: 424, applied: false });
  });

  test.each<[string, unknown]>([
    ['more than 20 items', Array.from({ length: 21 }, (_, index) => item(String(index)))],
    ['no items', []],
    ['no requests', undefined],
    ['a duplicate id', [item('a'), item('a')]],
    ['a dependency on an unknown item', [item('a', { dependsOn: ['z'] })]],
    ['a dependency on itself', [item('a', { dependsOn: ['a'] })]],
    ['an item without url', [{ id: 'a', method: 'GET' }]],
  ])('is rejected as a whole: %s', async (_, requests) => {
    expect((await sendBatch(requests)).status).toBe(400);
    expect(await entries()).toMatchObject([{ applied: false }]);
  });

  test('is rejected as a whole without a token', async () => {
    expect((await sendBatch([item('a')], { token: null })).status).toBe(401);
  });

  test('counts each item against the throttling limits', async () => {
    await control('PATCH', '/settings', { writesPer20s: 1 });
    const seen = await responses([item('a'), item('b')]);
    expect([seen.get('a')?.status, seen.get('b')?.status]).toEqual([200, 429]);
  });

  test('needs approval for each item', async () => {
    await control('PATCH', '/settings', { approval: true });
    const justified = { ...headers, 'x-msft-approval-justification': Buffer.from('why').toString('base64') };
    const seen = await responses([item('a', { headers: justified }), item('b')]);
    expect(seen.get('a')).toMatchObject({ status: 403, body: { error: { code: 'ApprovalRequired' } } });
    expect(seen.get('b')).toMatchObject({ status: 400 });
  });

  test('fails as a whole if the connection fails for one item', async () => {
    const broken = item('b', { headers: { ...headers, 'x-simulator-fault': 'reset' } });
    await expect(sendBatch([item('a'), broken])).rejects.toThrow('fetch failed');
    expect((await entries()).map(({ applied }) => applied)).toEqual([false, true, false]);
  });

  test('does not accept a batch within a batch', async () => {
    const nested = item('nested', { method: 'POST', url: '/$batch', body: { requests: [item('a')] } });
    expect((await responses([nested])).get('nested')?.status).toBe(400);
    expect((await entries()).map(({ applied }) => applied)).toEqual([false, false]);
  });
});

describe('the latency of a batch', () => {
  const updateChain = () => updates().map((update, index) => ({ ...update, dependsOn: updateIds.slice(0, index) }));

  test('is added to the response', async () => {
    await control('PATCH', '/settings', { latencyMs: 300 });
    const startedAt = performance.now();
    const { responses: items } = batchBody.parse((await sendBatch(updateChain())).json);
    expect(items.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  test('is not added to the items', async () => {
    await control('PATCH', '/settings', { latencyMs: 600_000 });
    const controller = new AbortController();
    const outcome = sendBatch(updateChain(), { signal: controller.signal }).catch(() => 'aborted');
    await expect
      .poll(async () => (await entries()).map(({ status }) => status), pollOptions)
      .toEqual([null, 200, 200, 200]);
    controller.abort();
    expect(await outcome).toBe('aborted');
  });

  test('is that of its slowest item', async () => {
    const startedAt = performance.now();
    const reply = await sendBatch(updates({ 'x-simulator-fault': 'latency;delayMs=300' }));
    expect(batchBody.parse(reply.json).responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    const [batch, first] = await entries();
    expect(batch?.answeredAtMs).toBeGreaterThanOrEqual(first?.answeredAtMs ?? Number.NaN);
  });

  test('does not delay the other items when one is slow', async () => {
    const controller = new AbortController();
    const slow = updates({ 'x-simulator-fault': 'latency;delayMs=600000' });
    const outcome = sendBatch(slow, { signal: controller.signal }).catch(() => 'aborted');
    await expect
      .poll(async () => (await entries()).map(({ status }) => status), pollOptions)
      .toEqual([null, null, 200, 200]);
    controller.abort();
    expect(await outcome).toBe('aborted');
  });
});
