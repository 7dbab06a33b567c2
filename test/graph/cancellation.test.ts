import { TRPCClientError } from '@trpc/client';
import { expect, test } from 'vitest';
import { createBatchClient } from '../support/clients.js';
import type { FaultRule } from '../support/controls.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { useKnownState } from '../support/states.js';

const pair = usePair({ GRAPH_DEADLINE_MS: '10000' });
const known = useKnownState(pair);
let counter = 1000;

const fresh = () => ({ successDeviceCount: counter++ });

/** Aborts a call as soon as Graph has received a request for it. */
async function abort(call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const caller = new AbortController();
  const rejected = expect(call(caller.signal)).rejects.toThrow(TRPCClientError);
  await expect.poll(() => pair.simulator.journal()).not.toEqual([]);
  caller.abort();
  await rejected;
}

test('a read stops when its caller disconnects', async () => {
  await pair.simulator.fault({ fault: 'stall', method: 'GET', times: 'always' });
  await abort((signal) => pair.service.client.scriptUserState.get.query(known.target, { signal }));
  await expect
    .poll(() => pair.service.lines({ reason: 'CLIENT_CLOSED' }))
    .toMatchObject([{ procedure: 'scriptUserState.get', msg: 'call failed' }]);
  expect(await pair.simulator.journal()).toHaveLength(1);
});

test('a read that waits for another attempt stops when its caller disconnects', async () => {
  await pair.simulator.fault({ fault: 'throttled', method: 'GET', times: 'always', delayMs: 8000 });
  await abort((signal) => pair.service.client.script.list.query({ scriptKind: known.target.scriptKind }, { signal }));
  await expect.poll(() => pair.service.lines({ reason: 'CLIENT_CLOSED', procedure: 'script.list' })).toHaveLength(1);
  expect(await pair.simulator.journal()).toHaveLength(1);
});

test.each<[FaultRule, readonly boolean[]]>([
  [{ fault: 'latency', delayMs: 300 }, [true]],
  [{ fault: 'throttled', retryAfter: 'fractional', delayMs: 300 }, [false, true]],
  [{ fault: 'unavailable-bare' }, [false, true]],
  [{ fault: 'reset-applied' }, [true]],
])('an update that was sent is completed and audited: %j', async (rule, applied) => {
  const { update } = pair.service.client.scriptUserState;
  const patch = fresh();
  // The caller disconnects during this latency, before the fault.
  await pair.simulator.settings({ latencyMs: 2000 });
  await pair.simulator.fault({ ...rule, method: 'PATCH' });
  const before = pair.service.outcomes().length;
  await abort((signal) => update.mutate({ ...known.target, patch }, { signal }));
  await pair.simulator.settings({ latencyMs: 0 });
  await expect.poll(() => pair.service.outcomes()).toHaveLength(before + 1);
  expect(pair.service.outcomes().at(-1)).toMatchObject({ outcome: 'applied', action: 'update' });
  expect((await patches(pair.simulator)).map((entry) => entry.applied)).toEqual(applied);
  expect(await pair.service.client.scriptUserState.get.query(known.target)).toMatchObject(patch);
});

test('an update that waits for another one of the same state is never sent', async () => {
  const { update } = createBatchClient(pair.service).scriptUserState;
  const [first, second] = [fresh(), fresh()];
  await pair.simulator.fault({ fault: 'latency', method: 'PATCH', delayMs: 3000 });
  const before = pair.service.outcomes().length;
  await abort(async (signal) => {
    // In one batch, the second update has arrived when Graph receives the first.
    const calls = [first, second].map((patch) => update.mutate({ ...known.target, patch }, { signal }));
    await Promise.all(calls);
  });
  await expect
    .poll(() => pair.service.outcomes().slice(before))
    .toMatchObject([{ outcome: 'rejected', reason: 'CLIENT_CLOSED' }, { outcome: 'applied' }]);
  expect((await patches(pair.simulator)).map(({ body }) => body)).toMatchObject([first]);
  expect(await pair.service.client.scriptUserState.get.query(known.target)).toMatchObject(first);
});
