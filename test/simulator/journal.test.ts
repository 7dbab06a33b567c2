import { expect, test } from 'vitest';
import { createJournal } from '../../src/simulator/journal.js';
import { parseJson, patch, updateIds, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { control, write, sendBatch, entries, updates, graph } = simulated;

// Vitest types its matchers as any.
const aNumber: unknown = expect.any(Number);

test('the journal contains no tokens', async () => {
  const approval = { 'x-msft-approval-justification': 'd2h5', 'x-msft-approval-code': 'code' };
  await write({ 'client-request-id': 'mine', ...approval });
  const requests = [
    { id: '1', method: 'GET', url: simulated.statePath, headers: { Authorization: `Bearer ${simulated.token}` } },
  ];
  await sendBatch(requests);
  const { text } = await control('GET', '/journal');
  expect(text).not.toContain(simulated.token);
  expect(parseJson(text)).toEqual({
    entries: [
      {
        n: aNumber,
        atMs: aNumber,
        answeredAtMs: aNumber,
        method: 'PATCH',
        path: `/beta${simulated.statePath}`,
        status: 200,
        applied: true,
        clientRequestId: 'mine',
        batchItem: null,
        batch: null,
        fault: null,
        body: patch,
        approval: { justification: 'd2h5', code: 'code' },
      },
      expect.objectContaining({ method: 'POST', path: '/beta/$batch', applied: false }),
      expect.objectContaining({ method: 'GET', batchItem: '1', batch: aNumber, body: null, clientRequestId: null }),
    ],
  });
  await control('DELETE', '/journal');
  expect(await entries()).toEqual([]);
});

test('keeps at least the newest 250,000 entries', () => {
  const long = createJournal();
  const request = { origin: '', method: 'GET', path: '/', headers: {}, body: '', requestId: '', clientRequestId: '' };
  for (let index = 0; index < 720_000; index += 1) long.record({ ...request, batchItem: null }, null);
  const kept = long.entries(0);
  expect(kept.length).toBeGreaterThanOrEqual(250_000);
  expect(kept.length).toBeLessThan(300_000);
  expect(kept[0]).toMatchObject({ n: 720_001 - kept.length });
  expect(long.entries(719_998)).toMatchObject([{ n: 719_999 }, { n: 720_000 }]);
});

test('an entry of an item has the number of its batch', async () => {
  await Promise.all([sendBatch(updates()), sendBatch(updates())]);
  await graph(simulated.statePath);
  const all = await entries();
  const batches = all.filter(({ path }) => path === '/beta/$batch');
  expect(batches.map(({ batch }) => batch)).toEqual([null, null]);
  expect(all.at(-1)).toMatchObject({ method: 'GET', batch: null, batchItem: null });
  for (const { n } of batches) {
    expect(all.filter(({ batch }) => batch === n).map(({ batchItem }) => batchItem)).toEqual(updateIds);
  }
});

test('returns the entries after a number', async () => {
  await sendBatch(updates());
  const all = await entries();
  expect(all).toHaveLength(4);
  for (const [index, { n }] of all.entries()) {
    expect(await entries(n)).toEqual(all.slice(index + 1));
  }
  expect(await entries(0)).toEqual(all);
  expect(await entries(1_000_000)).toEqual([]);

  await control('DELETE', '/journal');
  const last = all.at(-1)?.n ?? 0;
  await graph(simulated.statePath);
  expect(await entries(0)).toMatchObject([{ n: last + 1 }]);
  expect(await entries(last)).toMatchObject([{ n: last + 1 }]);
  expect(await entries(last + 1)).toEqual([]);
});

test.each(['after=-1', 'after=x', 'after=1.5', 'after=1&after=2', 'before=1'])(
  'rejects the query %s',
  async (query) => {
    expect((await control('GET', `/journal?${query}`)).status).toBe(400);
  },
);

test('contains bodies as JSON, or as text if they are not JSON', async () => {
  const send = (body: string) => graph(simulated.statePath, { method: 'PATCH', body });
  await send('{"Authorization":"Bearer canary","a":[1]}');
  await send('{');
  const [json, text] = await entries();
  expect(json?.['body']).toEqual({ Authorization: '[redacted]', a: [1] });
  expect(text?.['body']).toBe('{');
});
