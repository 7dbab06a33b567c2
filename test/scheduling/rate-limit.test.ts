import { afterEach, beforeEach, expect, test } from 'vitest';
import { failure, type Pair, startPair } from '../support/service.js';
import { type KnownState, someStates } from '../support/states.js';

let pair: Pair;
let states: readonly KnownState[];
let count = 100;

beforeEach(async () => {
  // A window of writes is 20 s: each test has a service with a window of its own.
  pair = await startPair({ GRAPH_WRITES_PER_20S: '3' });
  states = await someStates(pair.service, 5);
});
afterEach(() => pair.stop());

const update = (index: number) => {
  const target = states[index]?.target ?? states[0]?.target;
  if (target === undefined) throw new Error('no state');
  return pair.service.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: count++ } });
};
const sent = async () => (await pair.simulator.journal()).filter(({ method }) => method === 'PATCH').length;

test('a write whose turn can not come in time is told so at once, and is not sent', async () => {
  await Promise.all([update(0), update(1), update(2)]);
  const { reason, retryAfterMs } = await failure(update(3));
  expect(reason).toBe('THROTTLED');
  expect(retryAfterMs).toBeGreaterThan(15_000);
  expect(retryAfterMs).toBeLessThanOrEqual(20_000);
  expect(await sent()).toBe(3);
});

test('a read is not counted', async () => {
  await Promise.all([update(0), update(1), update(2)]);
  const [first] = states;
  if (first === undefined) throw new Error('no state');
  expect(await pair.service.client.scriptUserState.get.query(first.target)).toHaveProperty('id');
});

test('a 429 that was applied is found out also when there is no quota left to send it again', async () => {
  await Promise.all([update(0), update(1)]);
  await pair.simulator.fault({ fault: 'throttled-applied', method: 'PATCH', delayMs: 100 });
  expect(await update(2)).toHaveProperty('successDeviceCount', count - 1);
  expect(await sent()).toBe(3);
});

test('a request that never left uses up nothing', async () => {
  const { service, simulator } = pair;
  await simulator.close();
  for (const index of [0, 1, 2, 3, 4]) {
    expect(await failure(update(index))).toMatchObject({ reason: 'GRAPH_UNAVAILABLE' });
  }
  expect(service.lines({ reason: 'THROTTLED' })).toEqual([]);
  pair = { ...pair, stop: () => service.stop() };
});
