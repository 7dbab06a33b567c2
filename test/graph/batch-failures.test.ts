import { beforeAll, describe, expect, test } from 'vitest';
import { createBatchClient, manyStates, rowsOf } from '../support/bulk.js';
import { failure, usePair } from '../support/service.js';
import type { FaultRule, JournalEntry } from '../support/simulator.js';
import type { KnownState } from '../support/states.js';

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

interface Ended {
  /** `done`, or the reason why not. */
  readonly said: readonly string[];
  /** Claims that the states give the lie to. */
  readonly lies: readonly string[];
  readonly journal: readonly JournalEntry[];
}

/** Five updates in one batch of calls while this goes wrong. */
async function update(...rules: readonly FaultRule[]): Promise<Ended> {
  await pair.simulator.fault(...rules);
  counter += 100;
  const rows = rowsOf(states, counter);
  const { scriptUserState } = createBatchClient(pair.service);
  const calls = rows.map((row) => scriptUserState.update.mutate(row));
  const ended = await Promise.allSettled(calls);
  const said = await Promise.all(
    ended.map(async ({ status }, index) =>
      status === 'fulfilled' ? 'done' : (await failure(calls[index] ?? Promise.reject())).reason,
    ),
  );
  const journal = await pair.simulator.journal();
  await pair.simulator.reset();
  const lies = rows.map(async ({ patch: { successDeviceCount }, ...target }, index) => {
    const state = await pair.service.client.scriptUserState.get.query(target);
    const applied = state.successDeviceCount === successDeviceCount;
    const claim = said[index] ?? '';
    const isTrue = claim === 'OUTCOME_UNKNOWN' || (claim === 'done') === applied;
    return isTrue ? [] : [`said ${claim}, but Graph has ${applied ? 'new' : 'old'} values`];
  });
  return { said, lies: (await Promise.all(lies)).flat(), journal };
}

const patchesIn = (journal: readonly JournalEntry[]) => journal.filter(({ method }) => method === 'PATCH');
const all = (what: string) => Array<string>(5).fill(what);

describe('when a whole batch goes wrong', () => {
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
  ])('by %s after all of it was applied, each is looked after, and done without a second PATCH', async (fault) => {
    const { said, lies, journal } = await update(whole(fault));
    expect(said).toEqual(all('done'));
    expect(lies).toEqual([]);
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
    'accepted-unapplied',
  ])('by %s before any of it was applied, each is sent once more, and done', async (fault) => {
    const { said, lies, journal } = await update(whole(fault));
    expect(said).toEqual(all('done'));
    expect(lies).toEqual([]);
    expect(patchesIn(journal).map(({ applied }) => applied)).toEqual(Array(5).fill(true));
  });

  test.each<[Fault, string]>([
    ['token-expired', 'CREDENTIAL_UNAVAILABLE'],
    ['forbidden-application', 'GRAPH_PERMISSION_MISSING'],
    ['redirect', 'GRAPH_PROTOCOL'],
  ])('by %s, none is done, and each is told %s', async (fault, reason) => {
    const { said, lies, journal } = await update(whole(fault, 'always'));
    expect(said).toEqual(all(reason));
    expect(lies).toEqual([]);
    expect(patchesIn(journal)).toEqual([]);
  });

  test.each<Fault>(['rejected', 'not-found', 'route-not-implemented', 'conflict'])(
    'by %s, which says nothing of its items, each of them goes alone',
    async (fault) => {
      const { said, lies, journal } = await update(whole(fault, 'always'));
      expect(said).toEqual(all('done'));
      expect(lies).toEqual([]);
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
    'no-content',
    'accepted',
    'accepted-unapplied',
  ])('by %s again and again, whatever is told is true', async (fault) => {
    const { said, lies } = await update(whole(fault, 'always'));
    expect(said).toHaveLength(5);
    expect(lies).toEqual([]);
  });
});

test('when "not now" was applied all the same, and no read can tell, callers get Graph\'s word, and the audit doubts it', async () => {
  const before = pair.service.lines({ log: 'audit' }).length;
  // What is tried again goes together or alone, as it comes.
  const { said } = await update(
    whole('throttled-applied', 'always'),
    { fault: 'throttled-applied', method: 'PATCH', times: 'always' },
    { fault: 'throttled', method: 'GET', times: 'always' },
  );
  expect(said).toEqual(all('THROTTLED'));
  const lines = pair.service.lines({ log: 'audit' }).slice(before);
  expect(lines.map(({ outcome }) => outcome)).toEqual(Array(5).fill('unknown'));
});

describe('when one of a batch was not applied', () => {
  test.each<Fault>([
    'no-content',
    'accepted',
    'empty',
    'malformed',
    'truncated',
    'reset-applied',
    'server-error-applied',
  ])('and the answers are lost by %s, an update is not taken for done', async (fault) => {
    const unapplied = { fault: 'rejected', method: 'PATCH', path: firstId(), times: 'always' } as const;
    const { said, lies } = await update(whole(fault), unapplied);
    expect(lies).toEqual([]);
    expect(said.slice(1)).toEqual(all('done').slice(1));
    expect(said[0]).not.toBe('done');
  });

  test.each<Fault>(['no-content', 'accepted', 'empty', 'malformed'])(
    'and the answers are lost by %s, a removal is not taken for done',
    async (fault) => {
      const { scriptUserState } = createBatchClient(pair.service);
      const { create } = pair.service.client.scriptUserState;
      const { scriptKind, scriptId } = states[0]?.target ?? expect.fail('no state');
      const userState = { successDeviceCount: 1, errorDeviceCount: 1, userPrincipalName: 'gone@contoso.example' };
      const made = [await create.mutate({ scriptKind, scriptId, userState })];
      // Of two that are alike, Graph would not be asked for the second.
      made.push(await create.mutate({ scriptKind, scriptId, userState: { ...userState, errorDeviceCount: 2 } }));
      const [kept, gone] = made.map(({ id }) => ({ scriptKind, scriptId, userStateId: id }));
      if (kept === undefined || gone === undefined) throw new Error('two were made');
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
  'when a batch is answered with %s',
  (fault) => {
    test('the item is looked after, and the others are as they are', async () => {
      const { said, lies, journal } = await update(whole(fault));
      expect(said).toEqual(all('done'));
      expect(lies).toEqual([]);
      expect(patchesIn(journal)).toHaveLength(5);
      expect(journal.filter(({ method }) => method === 'GET').map(({ batch }) => batch)).toEqual([null]);
    });

    test('and the item was refused, it is not taken for done', async () => {
      const refused = { fault: 'rejected', method: 'PATCH', path: firstId(), times: 'always' } as const;
      const { said, lies } = await update(whole(fault), refused);
      expect(lies).toEqual([]);
      expect(said).toEqual(['OUTCOME_UNKNOWN', ...all('done').slice(1)]);
    });
  },
);
