import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { patches } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { useKnownState } from '../support/states.js';

// Time for a stall of half the deadline, a read and another attempt, on a slow machine too.
const pair = usePair({ GRAPH_DEADLINE_MS: '5000' });
const known = useKnownState(pair);

/** Values that the state does not have yet. */
let counter = 1000;
const fresh = () => ({ successDeviceCount: counter++, errorDeviceCount: 3 });

const update = (patch = fresh()) => pair.service.client.scriptUserState.update.mutate({ ...known.target, patch });

describe('an update that Graph applied is reported as done', () => {
  test.each<[FaultRule['fault'], number]>([
    ['reset-applied', 1],
    ['bad-gateway-applied', 1],
    ['gateway-timeout-applied', 1],
    ['server-error-applied', 1],
    ['stall-applied', 1],
    ['truncated', 1],
    ['no-content', 1],
    ['accepted', 1],
    ['empty', 1],
    ['malformed', 1],
    ['incomplete', 1],
    ['oversized', 1],
    ['wrapped', 1],
    ['throttled-applied', 2],
  ])('after %s, with %i PATCH', async (fault, count) => {
    await pair.simulator.fault({ fault, method: 'PATCH', delayMs: 100 });
    const patch = fresh();
    expect(await update(patch)).toMatchObject(patch);
    expect(await patches(pair.simulator)).toHaveLength(count);
  });
});

describe('an update that Graph did not apply is sent once more', () => {
  test.each<FaultRule['fault']>([
    'reset',
    'bad-gateway',
    'gateway-timeout',
    'server-error',
    'unavailable-bare',
    'stall',
  ])('after %s', async (fault) => {
    await pair.simulator.fault({ fault, method: 'PATCH' });
    const patch = fresh();
    expect(await update(patch)).toMatchObject(patch);
    expect(await patches(pair.simulator)).toHaveLength(2);
  });
});

describe('an update that fails twice is not sent a third time', () => {
  test.each<[FaultRule['fault'], string]>([
    ['bad-gateway', 'GRAPH_UNAVAILABLE'],
    ['server-error', 'GRAPH_UNAVAILABLE'],
    ['unavailable-bare', 'GRAPH_UNAVAILABLE'],
    ['reset', 'OUTCOME_UNKNOWN'],
    ['gateway-timeout', 'OUTCOME_UNKNOWN'],
    ['stall', 'OUTCOME_UNKNOWN'],
  ])('%s twice: %s', async (fault, reason) => {
    await pair.simulator.fault({ fault, method: 'PATCH', times: 'always' });
    expect(await failure(update())).toMatchObject({ reason });
    expect(await patches(pair.simulator)).toHaveLength(2);
  });
});

describe('an update that Graph accepts but does not show is not sent again', () => {
  test('200 with the old values: NOT_APPLIED, with the state as it is', async () => {
    const before = await pair.service.client.scriptUserState.get.query(known.target);
    await pair.simulator.reset();
    await pair.simulator.fault({ fault: 'ignored', method: 'PATCH', times: 'always' });
    expect(await failure(update())).toMatchObject({
      reason: 'NOT_APPLIED',
      code: 'UNPROCESSABLE_CONTENT',
      current: before,
    });
    expect((await pair.simulator.journal()).map(({ method }) => method)).toEqual(['PATCH', 'GET', 'GET']);
  });

  test('202: OUTCOME_UNKNOWN', async () => {
    await pair.simulator.fault({ fault: 'accepted-unapplied', method: 'PATCH', times: 'always' });
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect((await pair.simulator.journal()).map(({ method }) => method)).toEqual(['PATCH', 'GET', 'GET']);
  });
});

describe('when the state cannot be read, the outcome is unknown', () => {
  test.each<FaultRule['fault']>([
    'reset-applied',
    'reset',
    'bad-gateway',
    'stall',
    'no-content',
    'truncated',
    'ignored',
  ])('after %s', async (fault) => {
    await pair.simulator.fault({ fault, method: 'PATCH' }, { fault: 'server-error', method: 'GET', times: 'always' });
    expect(await failure(update())).toMatchObject({ reason: 'OUTCOME_UNKNOWN', code: 'GATEWAY_TIMEOUT' });
    expect(await patches(pair.simulator)).toHaveLength(1);
  });
});

describe('an update waits for the Retry-After of Graph', () => {
  test.each<FaultRule>([
    { fault: 'throttled', retryAfter: 'seconds', delayMs: 1000 },
    { fault: 'throttled', retryAfter: 'fractional', delayMs: 300 },
    { fault: 'throttled', retryAfter: 'date', delayMs: 1000 },
    { fault: 'throttled', retryAfter: 'nested', delayMs: 1000 },
    { fault: 'throttled', retryAfter: 'none' },
    { fault: 'unavailable', retryAfter: 'seconds', delayMs: 1000 },
  ])('$fault with Retry-After: $retryAfter', async (rule) => {
    await pair.simulator.fault({ ...rule, method: 'PATCH' });
    const patch = fresh();
    expect(await update(patch)).toMatchObject(patch);
    const [first, second] = await patches(pair.simulator);
    expect(second?.clientRequestId).not.toBe(first?.clientRequestId);
  });

  test('unless that is beyond the deadline: the call fails immediately', async () => {
    await pair.simulator.fault({ fault: 'throttled', method: 'PATCH', delayMs: 17_000 });
    expect(await failure(update())).toMatchObject({ reason: 'THROTTLED', retryAfterMs: 17_000 });
    expect(await patches(pair.simulator)).toHaveLength(1);
  });
});

test('a 429 that was applied is reported as done, even without time for another attempt', async () => {
  await pair.simulator.fault({ fault: 'throttled-applied', method: 'PATCH', delayMs: 17_000 });
  const patch = fresh();
  expect(await update(patch)).toMatchObject(patch);
  expect(await patches(pair.simulator)).toHaveLength(1);
});

describe('approval', () => {
  test('a change that may be filed for approval is never sent again', async () => {
    await pair.simulator.fault({ fault: 'reset', method: 'PATCH' });
    const call = pair.service.client.scriptUserState.update.mutate({
      ...known.target,
      patch: fresh(),
      approval: { justification: 'a ticket' },
    });
    expect(await failure(call)).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(await patches(pair.simulator)).toHaveLength(1);
  });
});

describe('the unknown outcome of an attempt', () => {
  test.each<[FaultRule['fault'], FaultRule['fault'], string]>([
    ['stall', 'forbidden-user', 'OUTCOME_UNKNOWN'],
    ['stall', 'token-expired', 'OUTCOME_UNKNOWN'],
    ['stall', 'server-error', 'OUTCOME_UNKNOWN'],
    ['reset', 'rejected', 'OUTCOME_UNKNOWN'],
    ['gateway-timeout', 'bad-gateway', 'OUTCOME_UNKNOWN'],
    ['reset', 'ignored', 'OUTCOME_UNKNOWN'],
    ['gateway-timeout', 'accepted-unapplied', 'OUTCOME_UNKNOWN'],
    ['server-error', 'ignored', 'NOT_APPLIED'],
    ['throttled', 'ignored', 'NOT_APPLIED'],
    ['throttled', 'accepted-unapplied', 'OUTCOME_UNKNOWN'],
    ['server-error', 'reset', 'OUTCOME_UNKNOWN'],
    ['server-error', 'rejected', 'GRAPH_REJECTED'],
    ['bad-gateway', 'forbidden-user', 'GRAPH_PERMISSION_MISSING'],
    ['throttled', 'rejected', 'GRAPH_REJECTED'],
    ['reset', 'approval-pending', 'APPROVAL_PENDING'],
  ])('is not decided by a later attempt: %s, then %s: %s', async (first, second, reason) => {
    await pair.simulator.fault({ fault: first, method: 'PATCH', delayMs: 100 }, { fault: second, method: 'PATCH' });
    expect(await failure(update())).toMatchObject({ reason });
    expect(await patches(pair.simulator)).toHaveLength(2);
  });

  test.each<[FaultRule['fault'], FaultRule['fault']]>([
    ['throttled-applied', 'rejected'],
    ['throttled-applied', 'reset'],
    ['server-error', 'reset-applied'],
    ['reset', 'stall-applied'],
    ['reset-applied', 'ignored'],
    ['throttled-applied', 'accepted-unapplied'],
    ['reset', 'no-content'],
  ])('is decided by a read: %s, then %s', async (first, second) => {
    await pair.simulator.fault({ fault: first, method: 'PATCH', delayMs: 100 }, { fault: second, method: 'PATCH' });
    const patch = fresh();
    expect(await update(patch)).toMatchObject(patch);
  });
});
