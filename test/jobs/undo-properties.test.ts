import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { RouterInputs } from '../../src/contract.js';
import type { FaultRule, JournalEntry } from '../support/controls.js';
import { sendControl } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { stateOf } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type KnownState, someStates } from '../support/states.js';

const pair = usePair(
  { GRAPH_WRITES_PER_20S: '100000', GRAPH_DEADLINE_MS: '4000' },
  { writesPer20s: 1_000_000, requestsPer20s: 1_000_000 },
);
const slowly = { interval: 10, timeout: 60_000 };
const otherToken = 'the-token-of-others';
let states: readonly KnownState[];

beforeAll(async () => {
  states = (await someStates(pair.service, 3)).slice(0, 3);
  await pair.simulator.register(otherToken);
});

type Row = RouterInputs['updateJob']['start']['updates'][number];
type Field = keyof Row['patch'];

/** A write to one field of a state. Its value is one that no other write has. */
interface AnyWrite {
  readonly state: number;
  readonly field: Field;
}

/** A write of somebody who may use the service, or write to Graph by other means. */
interface OtherWrite extends AnyWrite {
  readonly via: 'service' | 'graph';
}

interface Scenario {
  readonly rows: readonly AnyWrite[];
  readonly rowFaults: readonly FaultRule[];
  /** What others write before the job, during it, between it and its undo, and during that. */
  readonly before: readonly OtherWrite[];
  readonly during: readonly AnyWrite[];
  readonly between: readonly OtherWrite[];
  readonly undoFaults: readonly FaultRule[];
  readonly duringUndo: readonly AnyWrite[];
  /** What they write before the undo is itself undone; `undefined` if it is not. */
  readonly again: readonly OtherWrite[] | undefined;
}

const state = fc.nat(2);
const field = fc.constantFrom<Field>('successDeviceCount', 'errorDeviceCount', 'userPrincipalName');
const anyWrite = fc.record({ state, field });
const otherWrite = fc.record({ state, field, via: fc.constantFrom('service' as const, 'graph' as const) });
const writeFault = fc.constantFrom(
  ...(['throttled', 'throttled-applied', 'unavailable', 'server-error', 'server-error-applied'] as const),
  ...(['gateway-timeout-applied', 'reset', 'reset-applied', 'rejected', 'conflict', 'not-found'] as const),
  ...(['no-content', 'accepted', 'accepted-unapplied', 'ignored', 'token-expired'] as const),
);
const anyFault = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ fault: writeFault, method: fc.constant('PATCH'), times: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ fault: fc.constantFrom('unavailable', 'reset'), method: fc.constant('GET') }) },
) as fc.Arbitrary<FaultRule>;
const upTo = <T>(maxLength: number, item: fc.Arbitrary<T>) => fc.array(item, { maxLength });
const scenario: fc.Arbitrary<Scenario> = fc.record({
  rows: fc.array(anyWrite, { minLength: 1, maxLength: 6 }),
  rowFaults: upTo(2, anyFault),
  before: upTo(2, otherWrite),
  during: upTo(2, anyWrite),
  between: upTo(3, otherWrite),
  undoFaults: upTo(2, anyFault),
  duringUndo: upTo(2, anyWrite),
  again: fc.option(upTo(2, otherWrite), { nil: undefined }),
});

let counter = 1_000_000;

function patchOf(name: Field): Row['patch'] {
  const value = counter++;
  return { [name]: name === 'userPrincipalName' ? `user-${value}@contoso.example` : value };
}

const targetOf = (index: number) => states[index]?.target ?? expect.fail('no state');

/** Writes to Graph with another application. Fails if a fault that is meant for the service says so. */
async function writeDirectly({ state: index, field: name }: AnyWrite): Promise<void> {
  const { scriptId, userStateId } = targetOf(index);
  await fetch(
    `${pair.simulator.baseUrl}/deviceManagement/deviceShellScripts/${scriptId}/userRunStates/${encodeURIComponent(userStateId)}`,
    {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${otherToken}`,
        'content-type': 'application/json',
        'client-request-id': `other-${counter}`,
      },
      body: JSON.stringify(patchOf(name)),
    },
  ).catch(() => undefined);
}

async function writeAll(writes: readonly OtherWrite[]): Promise<void> {
  for (const write of writes) {
    if (write.via === 'graph') await writeDirectly(write);
    else {
      const input = { ...targetOf(write.state), patch: patchOf(write.field) };
      await pair.service.client.scriptUserState.update.mutate(input);
    }
  }
}

/** Starts a job and waits until it has ended, while others write and Graph fails. */
async function runJob(
  start: () => Promise<{ readonly jobId: string }>,
  faults: readonly FaultRule[],
  during: readonly AnyWrite[],
): Promise<string> {
  await pair.simulator.fault(...faults);
  const [{ jobId }] = await Promise.all([start(), ...during.map(writeDirectly)]);
  await expect.poll(async () => (await pair.service.client.updateJob.get.query({ jobId })).state, slowly).toBe('done');
  await sendControl(pair.simulator.url, 'DELETE', 'faults');
  return jobId;
}

const readStates = () => Promise.all(states.map(({ target }) => pair.service.client.scriptUserState.get.query(target)));

const lastNumber = async () => (await pair.simulator.journal()).at(-1)?.n ?? 0;
const isDirect = ({ clientRequestId }: JournalEntry) => clientRequestId?.startsWith('other-') === true;

/**
 * The requests with which an undo has overwritten a value of somebody else, although the service could know it: the
 * state was not read directly before, or that read showed the value.
 *
 * @param phases the numbers of the entries at which undos start and end; all other requests are those of others
 */
function overwriting(journal: readonly JournalEntry[], jobs: readonly (readonly [number, number])[]) {
  const undos = jobs.slice(1);
  const isIn = (ranges: readonly (readonly [number, number])[], { n }: JournalEntry) =>
    ranges.some(([from, to]) => n > from && n <= to);
  const found: JournalEntry[] = [];
  const lastWrites = new Map<string, JournalEntry>();
  const lastRequests = new Map<string, JournalEntry>();
  for (const entry of journal) {
    const id = stateOf(entry);
    if (!entry.path.includes('userRunStates/')) continue;
    if (entry.method === 'PATCH' && entry.applied) {
      for (const name of Object.keys(entry.body as object)) {
        const key = `${id} ${name}`;
        const last = lastWrites.get(key);
        lastWrites.set(key, entry);
        if (last === undefined || isDirect(entry) || !isIn(undos, entry)) continue;
        const isOther = isDirect(last) || !isIn(jobs, last);
        const read = lastRequests.get(id);
        if (isOther && (read?.method !== 'GET' || read.n > last.n)) found.push(entry);
      }
    }
    if (!isDirect(entry)) lastRequests.set(id, entry);
  }
  return found;
}

test('an undo never overwrites the values of other users, even with faults and concurrent writes', async () => {
  const { client } = pair.service;
  const runs = fc.asyncProperty(scenario, async (each) => {
    await pair.simulator.reset();
    await writeAll(each.before);
    const initial = await readStates();
    const phases: [number, number][] = [];
    const runPhase = async (...args: Parameters<typeof runJob>) => {
      const from = await lastNumber();
      const jobId = await runJob(...args);
      phases.push([from, await lastNumber()]);
      return jobId;
    };
    const updates = each.rows.map((row) => ({ ...targetOf(row.state), patch: patchOf(row.field) }));
    let jobId = await runPhase(() => client.updateJob.start.mutate({ updates }), each.rowFaults, each.during);
    const undo = async (faults: readonly FaultRule[], during: readonly AnyWrite[]) => {
      const { counts } = await client.updateJob.get.query({ jobId });
      if (counts.applied === 0) {
        expect(await failure(client.updateJob.undo.mutate({ jobId }))).toMatchObject({ reason: 'INVALID_INPUT' });
        return false;
      }
      jobId = await runPhase(() => client.updateJob.undo.mutate({ jobId }), faults, during);
      return true;
    };
    await writeAll(each.between);
    const isUndone = await undo(each.undoFaults, each.duringUndo);
    const isUndisturbed = [each.rowFaults, each.during, each.between, each.undoFaults, each.duringUndo].every(
      ({ length }) => length === 0,
    );
    if (isUndisturbed) expect(await readStates()).toEqual(initial);
    if (isUndone && each.again !== undefined) {
      await writeAll(each.again);
      await undo([], []);
    }
    expect(overwriting(await pair.simulator.journal(), phases)).toEqual([]);
  });
  await fc.assert(runs, {
    numRuns: 30,
    interruptAfterTimeLimit: 45_000,
    examples: [
      // Without others and faults, an undo restores everything, also several rows for one state.
      [
        {
          rows: [
            { state: 0, field: 'successDeviceCount' },
            { state: 0, field: 'userPrincipalName' },
            { state: 0, field: 'successDeviceCount' },
            { state: 1, field: 'errorDeviceCount' },
          ],
          rowFaults: [],
          before: [],
          during: [],
          between: [],
          undoFaults: [],
          duringUndo: [],
          again: [],
        },
      ],
    ],
  });
}, 240_000);
