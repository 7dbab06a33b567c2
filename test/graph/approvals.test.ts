import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FaultRule } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { requests } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { type KnownState, oneState } from '../support/states.js';

const pair = usePair({ GRAPH_DEADLINE_MS: '10000' });
let known: KnownState;
let counter = 1000;

beforeAll(async () => {
  known = await oneState(pair.service);
  await pair.simulator.settings({ approval: true });
});
beforeEach(() => {
  counter++;
});
afterAll(() => pair.simulator.settings({ approval: false }));

interface Approval {
  readonly justification?: string;
  readonly code?: string;
}

const justification = 'Ticket 4711: grüße';
const encoded = Buffer.from(justification).toString('base64');

const writes = {
  PATCH: (approval?: Approval) =>
    pair.service.client.scriptUserState.update.mutate({
      ...known.target,
      patch: { successDeviceCount: counter },
      approval,
    }),
  POST: (approval?: Approval) => {
    const { scriptKind, scriptId } = known.target;
    const userState = {
      id: `${scriptId}:${counter}`,
      successDeviceCount: 1,
      errorDeviceCount: 0,
      userPrincipalName: 'new@contoso.example',
    };
    return pair.service.client.scriptUserState.create.mutate({ scriptKind, scriptId, userState, approval });
  },
  DELETE: async (approval?: Approval) =>
    pair.service.client.scriptUserState.delete.mutate({ ...known.target, approval }),
} as const;

// The delete is the last one: it removes the state that the updates are for.
describe.each(['PATCH', 'POST', 'DELETE'] as const)('a %s', (method) => {
  const write = writes[method];

  test('that may have been filed is never sent again', async () => {
    await pair.simulator.fault({ fault: 'reset', method });
    expect(await failure(write({ justification }))).toMatchObject({ reason: 'OUTCOME_UNKNOWN' });
    expect(await requests(pair.simulator, method)).toHaveLength(1);
  });

  test('is filed with the justification, and completed with the code alone', async () => {
    expect(await failure(write())).toMatchObject({ reason: 'APPROVAL_JUSTIFICATION_REQUIRED' });
    const { reason, approvalCode: code = '' } = await failure(write({ justification }));
    expect(reason).toBe('APPROVAL_PENDING');
    expect(await failure(write({ code }))).toMatchObject({ reason: 'APPROVAL_PENDING', approvalCode: code });
    await pair.simulator.approve(code);
    await write({ code });
    const sent = await requests(pair.simulator, method);
    expect(sent.map(({ approval, applied }) => ({ ...approval, applied }))).toMatchObject([
      { justification: null, code: null, applied: false },
      { justification: encoded, code: null },
      { justification: null, code, applied: false },
      { justification: null, code, applied: true },
    ]);
    const outcomes = pair.service.outcomes().map(({ outcome }) => outcome);
    expect(outcomes.slice(-4)).toEqual(['rejected', 'pending-approval', 'pending-approval', 'applied']);
  });
});

describe('an update that is completed with a code', () => {
  async function approvedCode(): Promise<string> {
    const { scriptKind, scriptId } = known.target;
    await pair.simulator.settings({ approval: false });
    // An earlier test has deleted the state.
    const { id: _, ...values } = { ...known.state, userPrincipalName: 'new@contoso.example' };
    const state = await pair.service.client.scriptUserState.create.mutate({ scriptKind, scriptId, userState: values });
    await pair.simulator.settings({ approval: true });
    known = { target: { scriptKind, scriptId, userStateId: state.id }, state };
    const { approvalCode: code = '' } = await failure(writes.PATCH({ justification }));
    await pair.simulator.approve(code);
    await pair.simulator.reset();
    return code;
  }

  test('is done after a reset connection if a read shows it', async () => {
    const code = await approvedCode();
    await pair.simulator.fault({ fault: 'reset-applied', method: 'PATCH' });
    expect(await writes.PATCH({ code })).toMatchObject({ successDeviceCount: counter });
    expect(await requests(pair.simulator, 'PATCH')).toHaveLength(1);
  });

  test('is sent again after a reset connection if no read shows it', async () => {
    const code = await approvedCode();
    await pair.simulator.fault({ fault: 'reset', method: 'PATCH' });
    expect(await writes.PATCH({ code })).toMatchObject({ successDeviceCount: counter });
    expect(await requests(pair.simulator, 'PATCH')).toHaveLength(2);
  });

  test.each<[FaultRule['fault'], FaultRule['fault'], string]>([
    // Graph rejects a code that was used before with a bare 403.
    ['reset', 'forbidden-user', 'OUTCOME_UNKNOWN'],
    ['server-error', 'forbidden-user', 'GRAPH_PERMISSION_MISSING'],
  ])('after %s, then %s: %s', async (first, second, reason) => {
    const code = await approvedCode();
    await pair.simulator.fault({ fault: first, method: 'PATCH' }, { fault: second, method: 'PATCH' });
    expect(await failure(writes.PATCH({ code }))).toMatchObject({ reason });
    expect(await requests(pair.simulator, 'PATCH')).toHaveLength(2);
  });
});
