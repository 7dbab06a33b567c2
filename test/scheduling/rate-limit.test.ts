import { beforeEach, expect, test } from 'vitest';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { liveSettings, startTestService } from '../support/service.js';
import { type KnownState, someStates } from '../support/states.js';

// A window of writes lasts 20 s, so each test has its own service.
const pair = usePair({ GRAPH_WRITES_PER_20S: '3' }, {}, 'test');
let states: readonly KnownState[];
let count = 100;

beforeEach(async () => {
  states = await someStates(pair.service, 5);
});

const update = (index: number) => {
  const target = states[index]?.target ?? states[0]?.target;
  if (target === undefined) throw new Error('no state');
  return pair.service.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: count++ } });
};

test('a write that cannot get a slot within its deadline is rejected immediately and not sent', async () => {
  await Promise.all([update(0), update(1), update(2)]);
  const { reason, retryAfterMs } = await failure(update(3));
  expect(reason).toBe('THROTTLED');
  expect(retryAfterMs).toBeGreaterThan(15_000);
  expect(retryAfterMs).toBeLessThanOrEqual(20_000);
  expect(await patches(pair.simulator)).toHaveLength(3);
});

test('reads do not count as writes', async () => {
  await Promise.all([update(0), update(1), update(2)]);
  const [first] = states;
  if (first === undefined) throw new Error('no state');
  expect(await pair.service.client.scriptUserState.get.query(first.target)).toHaveProperty('id');
});

test('a 429 that was applied is reported as done, even without quota for another attempt', async () => {
  await Promise.all([update(0), update(1)]);
  await pair.simulator.fault({ fault: 'throttled-applied', method: 'PATCH', delayMs: 100 });
  expect(await update(2)).toHaveProperty('successDeviceCount', count - 1);
  expect(await patches(pair.simulator)).toHaveLength(3);
});

test('a request that was not sent releases its slot', async ({ onTestFinished }) => {
  const service = await startTestService({
    ...liveSettings({ baseUrl: 'http://127.0.0.1:9/beta' }),
    GRAPH_WRITES_PER_20S: '3',
    GRAPH_DEADLINE_MS: '3000',
  });
  onTestFinished(() => service.stop());
  for (const { target } of states.slice(0, 5)) {
    const call = service.client.scriptUserState.update.mutate({ ...target, patch: { successDeviceCount: 1 } });
    expect(await failure(call)).toMatchObject({ reason: 'GRAPH_UNAVAILABLE' });
  }
  expect(service.lines({ reason: 'THROTTLED' })).toEqual([]);
});
