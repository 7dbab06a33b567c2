import { beforeAll, describe, expect, test } from 'vitest';
import { rowsOf } from '../support/bulk.js';
import { createBatchClient } from '../support/clients.js';
import type { FaultRule, JournalEntry } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { usePair } from '../support/pair.js';
import { type KnownState, manyStates } from '../support/states.js';

type Fault = FaultRule['fault'];

const pair = usePair({ GRAPH_WRITES_PER_20S: '10000' }, { writesPer20s: 1_000_000 });
let states: readonly KnownState[];
let counter = 1000;

beforeAll(async () => {
  states = await manyStates(pair.service, 5);
});

const whole = (fault: Fault, times: FaultRule['times'] = 1): FaultRule => ({
  fault,
  path: '$batch',
  delayMs: 500,
  times,
});
const firstId = () => states[0]?.target.userStateId ?? '';

interface BatchRun {
  /** The outcome that each caller got: `done`, or the reason of the failure. */
  readonly outcomes: readonly string[];
  /** Outcomes that the states in Graph contradict. */
  readonly falseOutcomes: readonly string[];
  readonly journal: readonly JournalEntry[];
}

/** Sends five updates in one batch of calls, with these faults. */
async function update(...rules: readonly FaultRule[]): Promise<BatchRun> {
  await pair.simulator.fault(...rules);
  counter += 100;
  const rows = rowsOf(states, counter);
  const { scriptUserState } = createBatchClient(pair.service);
  const calls = rows.map((row) => scriptUserState.update.mutate(row));
  const settled = await Promise.allSettled(calls);
  const outcomes = await Promise.all(
    settled.map(async ({ status }, index) =>
      status === 'fulfilled' ? 'done' : (await failure(calls[index] ?? Promise.reject())).reason,
    ),
  );
  const journal = await pair.simulator.journal();
  await pair.simulator.reset();
  const falseOutcomes = rows.map(async ({ patch: { successDeviceCount }, ...target }, index) => {
    const state = await pair.service.client.scriptUserState.get.query(target);
    const applied = state.successDeviceCount === successDeviceCount;
    const outcome = outcomes[index] ?? '';
    const isTrue = outcome === 'OUTCOME_UNKNOWN' || (outcome === 'done') === applied;
    return isTrue ? [] : [`${outcome}, but Graph has ${applied ? 'new' : 'old'} values`];
  });
  return { outcomes, falseOutcomes: (await Promise.all(falseOutcomes)).flat(), journal };
}

const patchesIn = (journal: readonly JournalEntry[]) => journal.filter(({ method }) => method === 'PATCH');
const five = (outcome: string) => Array<string>(5).fill(outcome);

describe('a fault of a whole batch', () => {
  test.each<Fault>([
    'reset-applied',
    'truncated',
    'malformed',
    'empty',
    'oversized',
    'server-error-applied',
    'bad-gateway-applied',
    'gateway-timeout-applied',
    'stall-applied',
    'no-content',
    'accepted',
  ])('%s after all updates were applied: each state is read, and no update is sent twice', async (fault) => {
    const { outcomes, falseOutcomes, journal } = await update(whole(fault));
    expect(outcomes).toEqual(five('done'));
    expect(falseOutcomes).toEqual([]);
    expect(patchesIn(journal)).toHaveLength(5);
  });

  test.each<Fault>([
    'reset',
    'stall',
    'throttled',
    'unavailable',
    'unavailable-bare',
    'server-error',
    'bad-gateway',
    'gateway-timeout',
    'service-timeout',
    'proxy-page',
    'accepted-unapplied',
  ])('%s before any update was applied: each is sent once more', async (fault) => {
    const { outcomes, falseOutcomes, journal } = await update(whole(fault));
    expect(outcomes).toEqual(five('done'));
    expect(falseOutcomes).toEqual([]);
    expect(patchesIn(journal).map(({ applied }) => applied)).toEqual(Array(5).fill(true));
  });

  test.each<[Fault, string]>([
    ['token-expired', 'CREDENTIAL_UNAVAILABLE'],
    ['forbidden-application', 'GRAPH_PERMISSION_MISSING'],
    ['forbidden-nested', 'GRAPH_PERMISSION_MISSING'],
    ['redirect', 'GRAPH_PROTOCOL'],
  ])('%s: none is applied, and each fails with %s', async (fault, reason) => {
    const { outcomes, falseOutcomes, journal } = await update(whole(fault, 'always'));
    expect(outcomes).toEqual(five(reason));
    expect(falseOutcomes).toEqual([]);
    expect(patchesIn(journal)).toEqual([]);
  });

  test.each<Fault>(['rejected', 'not-found', 'route-not-implemented', 'conflict'])(
    '%s, which does not apply to the items: each is sent by itself',
    async (fault) => {
      const { outcomes, falseOutcomes, journal } = await update(whole(fault, 'always'));
      expect(outcomes).toEqual(five('done'));
      expect(falseOutcomes).toEqual([]);
      expect(patchesIn(journal).map(({ batch }) => batch)).toEqual(Array(5).fill(null));
    },
  );

  test.each<Fault>([
    'reset',
    'reset-applied',
    'stall',
    'stall-applied',
    'truncated',
    'malformed',
    'empty',
    'oversized',
    'throttled',
    'unavailable',
    'server-error',
    'server-error-applied',
    'bad-gateway',
    'bad-gateway-applied',
    'gateway-timeout',
    'gateway-timeout-applied',
    'service-timeout',
    'proxy-page',
    'compressed',
    'byte-order-mark',
    'no-content',
    'accepted',
    'accepted-unapplied',
  ])('%s at every attempt: no reported outcome is false', async (fault) => {
    const { outcomes, falseOutcomes } = await update(whole(fault, 'always'));
    expect(outcomes).toHaveLength(5);
    expect(falseOutcomes).toEqual([]);
  });
});

test('after a 429 that was applied and cannot be verified, callers get THROTTLED and the audit records unknown', async () => {
  const before = pair.service.outcomes().length;
  // Further attempts are sent in a batch or by themselves.
  const { outcomes } = await update(
    whole('throttled-applied', 'always'),
    { fault: 'throttled-applied', method: 'PATCH', times: 'always' },
    { fault: 'throttled', method: 'GET', times: 'always' },
  );
  expect(outcomes).toEqual(five('THROTTLED'));
  const lines = pair.service.outcomes().slice(before);
  expect(lines.map(({ outcome }) => outcome)).toEqual(Array(5).fill('unknown'));
});

describe('when one item of a batch was not applied', () => {
  test.each<Fault>([
    'no-content',
    'accepted',
    'empty',
    'malformed',
    'truncated',
    'reset-applied',
    'server-error-applied',
  ])('and %s hides the responses, an update is not reported as done', async (fault) => {
    const unapplied = { fault: 'rejected', method: 'PATCH', path: firstId(), times: 'always' } as const;
    const { outcomes, falseOutcomes } = await update(whole(fault), unapplied);
    expect(falseOutcomes).toEqual([]);
    expect(outcomes.slice(1)).toEqual(five('done').slice(1));
    expect(outcomes[0]).not.toBe('done');
  });

  test.each<Fault>(['no-content', 'accepted', 'empty', 'malformed'])(
    'and %s hides the responses, a delete is not reported as done',
    async (fault) => {
      const { scriptUserState } = createBatchClient(pair.service);
      const { create } = pair.service.client.scriptUserState;
      const { scriptKind, scriptId } = states[0]?.target ?? expect.fail('no state');
      const userState = { successDeviceCount: 1, errorDeviceCount: 1, userPrincipalName: 'gone@contoso.example' };
      const made = [await create.mutate({ scriptKind, scriptId, userState })];
      // A create that equals an existing state would not be sent.
      made.push(await create.mutate({ scriptKind, scriptId, userState: { ...userState, errorDeviceCount: 2 } }));
      const [kept, gone] = made.map(({ id }) => ({ scriptKind, scriptId, userStateId: id }));
      if (kept === undefined || gone === undefined) throw new Error('nothing was created');
      const unapplied = { fault: 'conflict', method: 'DELETE', path: kept.userStateId, times: 'always' } as const;
      await pair.simulator.fault(whole(fault), unapplied);
      const ended = await Promise.allSettled([kept, gone].map((each) => scriptUserState.delete.mutate(each)));
      await pair.simulator.reset();
      expect(await scriptUserState.get.query(kept)).toHaveProperty('id', kept.userStateId);
      expect(await failure(scriptUserState.get.query(gone))).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
      expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    },
  );
});

describe.each<Fault>(['batch-item-missing', 'batch-item-twice', 'batch-item-foreign', 'batch-item-bare'])(
  'a batch response with %s',
  (fault) => {
    test('verifies the item and keeps the responses of the others', async () => {
      const { outcomes, falseOutcomes, journal } = await update(whole(fault));
      expect(outcomes).toEqual(five('done'));
      expect(falseOutcomes).toEqual([]);
      expect(patchesIn(journal)).toHaveLength(5);
      expect(journal.filter(({ method }) => method === 'GET').map(({ batch }) => batch)).toEqual([null]);
    });

    test('does not report a rejected item as done', async () => {
      const refused = { fault: 'rejected', method: 'PATCH', path: firstId(), times: 'always' } as const;
      const { outcomes, falseOutcomes } = await update(whole(fault), refused);
      expect(falseOutcomes).toEqual([]);
      expect(outcomes).toEqual(['OUTCOME_UNKNOWN', ...five('done').slice(1)]);
    });
  },
);
