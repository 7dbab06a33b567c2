import { expect, test } from 'vitest';
import type { RouterOutputs } from '../../src/contract.js';
import { rowsOf } from '../support/bulk.js';
import { createStreamClient } from '../support/clients.js';
import { patches } from '../support/journal.js';
import { startPair } from '../support/pair.js';
import { manyStates } from '../support/states.js';

test('when the service stops, the rows that were sent are completed and audited, and streams end', async () => {
  const { service, simulator } = await startPair({ GRAPH_WRITES_PER_20S: '40', GRAPH_DEADLINE_MS: '30000' });
  const states = await manyStates(service, 60);
  const updates = states.map(({ target }, index) => ({ ...target, patch: { successDeviceCount: 5_000 + index } }));
  await simulator.fault({ fault: 'latency', delayMs: 1_000, method: 'PATCH', times: 'always' });
  const { jobId } = await service.client.updateJob.start.mutate({ updates });
  const seen: RouterOutputs['updateJob']['get'][] = [];
  const watching = (async () => {
    for await (const job of await createStreamClient(service).updateJob.watch.query({ jobId })) seen.push(job);
  })();
  await expect.poll(async () => (await patches(simulator)).length, { timeout: 30_000 }).toBeGreaterThan(20);
  await expect.poll(() => seen.length, { timeout: 30_000 }).toBeGreaterThan(0);
  await service.stop();
  await watching;
  const sent = await patches(simulator);
  expect(sent.length).toBeLessThan(60);
  expect(sent.every(({ answeredAtMs }) => answeredAtMs !== null)).toBe(true);
  expect(service.outcomes({ jobId, outcome: 'applied' })).toHaveLength(sent.length);
  await simulator.close();
});

test('when the service stops, streams of jobs that do not change end without an error', async () => {
  const { service, simulator } = await startPair();
  await simulator.settings({ approval: true });
  const updates = rowsOf(await manyStates(service, 1), 5_000);
  const { jobId } = await service.client.updateJob.start.mutate({ updates: [...updates], justification: 'wrong' });
  const state = async () => (await service.client.updateJob.get.query({ jobId })).state;
  await expect.poll(state, { timeout: 30_000 }).toBe('waiting-for-approval');
  let open = 0;
  const watching = Array.from({ length: 12 }, async () => {
    for await (const _ of await createStreamClient(service).updateJob.watch.query({ jobId })) open++;
  });
  await expect.poll(() => open, { timeout: 30_000 }).toBe(12);
  await service.stop();
  await Promise.all(watching);
  expect(open).toBe(12);
  await simulator.close();
});
