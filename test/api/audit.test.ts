import { expect, test } from 'vitest';
import type { FaultRule } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { usePair } from '../support/pair.js';
import { useKnownState } from '../support/states.js';

// Audit lines are written at every log level.
const pair = usePair({ LOG_LEVEL: 'error' });
const known = useKnownState(pair);

/** The audit lines that `work` causes. */
async function audited(work: () => Promise<unknown>): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const before = pair.service.outcomes().length;
  await work();
  return pair.service.outcomes().slice(before);
}

let counter = 9;
const update = () =>
  pair.service.client.scriptUserState.update.mutate({
    ...known.target,
    patch: { successDeviceCount: counter++, userPrincipalName: 'canary@contoso.example' },
  });

test('a write logs one line: time, user, target, fields, outcome and ids', async () => {
  const lines = await audited(update);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    ...known.target,
    oid: 'local-operator',
    action: 'update',
    fields: ['successDeviceCount', 'userPrincipalName'],
    outcome: 'applied',
  });
  for (const field of ['time', 'requestId', 'graph.requestId', 'graph.clientRequestId']) {
    expect(lines[0]).toHaveProperty(field);
  }
  expect(JSON.stringify(lines)).not.toContain('canary');
});

test.each<[FaultRule[], string, string]>([
  [[{ fault: 'rejected', method: 'PATCH' }], 'rejected', 'GRAPH_REJECTED'],
  [[{ fault: 'approval-pending', method: 'PATCH' }], 'pending-approval', 'APPROVAL_PENDING'],
  [[{ fault: 'ignored', method: 'PATCH' }], 'rejected', 'NOT_APPLIED'],
  [[{ fault: 'accepted-unapplied', method: 'PATCH' }], 'unknown', 'OUTCOME_UNKNOWN'],
  [[{ fault: 'reset', times: 'always' }], 'unknown', 'OUTCOME_UNKNOWN'],
])('after %j the outcome is %s', async (rules, outcome, reason) => {
  await pair.simulator.fault(...rules);
  const lines = await audited(() => failure(update()));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ outcome, reason, oid: 'local-operator' });
});

test('create and delete are audited like an update', async () => {
  const { scriptKind, scriptId } = known.target;
  const { create, delete: remove } = pair.service.client.scriptUserState;
  const userState = { successDeviceCount: 1, errorDeviceCount: 0, userPrincipalName: 'new@contoso.example' };
  let id = '';
  const lines = await audited(async () => {
    ({ id } = await create.mutate({ scriptKind, scriptId, userState }));
    await remove.mutate({ scriptKind, scriptId, userStateId: id });
  });
  expect(lines.map(({ action, outcome, userStateId }) => [action, outcome, userStateId])).toEqual([
    ['create', 'applied', id],
    ['delete', 'applied', id],
  ]);
});

test('reads and invalid inputs are not audited', async () => {
  const lines = await audited(async () => {
    await pair.service.client.scriptUserState.get.query(known.target);
    await failure(pair.service.client.scriptUserState.update.mutate({ ...known.target, patch: {} }));
  });
  expect(lines).toEqual([]);
});
