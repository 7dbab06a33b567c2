import { expect, test } from 'vitest';
import { defaultSettings } from '../../src/simulator/settings.js';
import { startSimulator } from '../../src/simulator/simulator.js';
import { pollOptions, useSimulatedGraph } from '../support/simulated-graph.js';

const simulated = useSimulatedGraph();
const { write, entries, start } = simulated;

test('starts with the given settings', async () => {
  const other = await start({ approval: true, latencyMs: 1 });
  const settings = await fetch(`${other.url}/simulator/settings`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(await settings.json()).toEqual({ ...defaultSettings, approval: true, latencyMs: 1 });
});

test('closes while requests are in flight, and can be closed twice', async () => {
  const stalled = write({ 'x-simulator-fault': 'stall' }).catch(() => 'closed');
  const delayed = write({ 'x-simulator-fault': 'latency;delayMs=600000' }).catch(() => 'closed');
  await expect.poll(async () => (await entries()).length, pollOptions).toBe(2);
  await simulated.simulator.close();
  expect(await Promise.all([stalled, delayed])).toEqual(['closed', 'closed']);
  await simulated.simulator.close();
});

test('does not start on a port that is in use', async () => {
  await expect(startSimulator({ port: Number(new URL(simulated.simulator.url).port) })).rejects.toThrow('EADDRINUSE');
});
