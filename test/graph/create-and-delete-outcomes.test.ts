import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../support/controls.js';
import { failure } from '../support/failure.js';
import { requests } from '../support/journal.js';
import { usePair } from '../support/pair.js';
import { useKnownState } from '../support/states.js';

const pair = usePair();
const known = useKnownState(pair);

/** Values that the state does not have yet. */
let counter = 1000;
const fresh = () => ({ successDeviceCount: counter++, errorDeviceCount: 3 });

describe('a create is never sent twice', () => {
  const { scriptKind } = { scriptKind: 'deviceShellScript' } as const;
  const create = (id?: string) =>
    pair.service.client.scriptUserState.create.mutate({
      scriptKind,
      scriptId: known.target.scriptId,
      userState: { ...(id && { id }), ...fresh(), userPrincipalName: 'new@contoso.example' },
    });

  test.each<[FaultRule['fault'], string]>([
    ['reset', 'OUTCOME_UNKNOWN'],
    ['reset-applied', 'OUTCOME_UNKNOWN'],
    ['bad-gateway-applied', 'OUTCOME_UNKNOWN'],
    ['stall-applied', 'OUTCOME_UNKNOWN'],
    // The list of all states shows that none equals it.
    ['throttled', 'THROTTLED'],
    ['unavailable', 'GRAPH_UNAVAILABLE'],
    // The list shows one, which another caller may have created.
    ['throttled-applied', 'OUTCOME_UNKNOWN'],
    ['server-error-applied', 'OUTCOME_UNKNOWN'],
  ])('without an id, after %s: %s', async (fault, reason) => {
    await pair.simulator.fault({ fault, method: 'POST' });
    expect(await failure(create())).toMatchObject({ reason });
    expect(await requests(pair.simulator, 'POST')).toHaveLength(1);
  });

  test.each<FaultRule['fault']>(['reset-applied', 'stall-applied', 'throttled-applied', 'no-content'])(
    'with an id, after %s it is found by a read',
    async (fault) => {
      await pair.simulator.fault({ fault, method: 'POST' });
      const id = `${known.target.scriptId}:${crypto.randomUUID()}`;
      expect(await create(id)).toMatchObject({ id, userPrincipalName: 'new@contoso.example' });
      expect(await requests(pair.simulator, 'POST')).toHaveLength(1);
    },
  );

  test.each<[FaultRule['fault'], string]>([
    ['bad-gateway', 'GRAPH_UNAVAILABLE'],
    ['reset', 'OUTCOME_UNKNOWN'],
    ['stall', 'OUTCOME_UNKNOWN'],
    ['throttled', 'THROTTLED'],
  ])('with an id, after %s it is not found: %s', async (fault, reason) => {
    await pair.simulator.fault({ fault, method: 'POST' });
    expect(await failure(create(`${known.target.scriptId}:${crypto.randomUUID()}`))).toMatchObject({ reason });
    expect(await requests(pair.simulator, 'POST')).toHaveLength(1);
  });
});

const someNew = async () => {
  const id = `${known.target.scriptId}:${crypto.randomUUID()}`;
  const { scriptKind, scriptId } = known.target;
  const userState = { id, ...fresh(), userPrincipalName: 'leaver@contoso.example' };
  await pair.service.client.scriptUserState.create.mutate({ scriptKind, scriptId, userState });
  return { ...known.target, userStateId: id };
};

test('a delete that Graph has only accepted is not reported as done', async () => {
  const target = await someNew();
  await pair.simulator.fault({ fault: 'accepted-unapplied', method: 'DELETE', times: 'always' });
  expect(await failure(pair.service.client.scriptUserState.delete.mutate(target))).toMatchObject({
    reason: 'OUTCOME_UNKNOWN',
  });
});

describe('a delete', () => {
  test.each<[FaultRule['fault'], number]>([
    ['reset-applied', 1],
    ['bad-gateway-applied', 1],
    ['reset', 2],
    ['server-error', 2],
    ['throttled-applied', 2],
  ])('is done after %s, with %i DELETE', async (fault, deletes) => {
    const target = await someNew();
    await pair.simulator.fault({ fault, method: 'DELETE', delayMs: 100 });
    expect(await pair.service.client.scriptUserState.delete.mutate(target)).toEqual({ id: target.userStateId });
    expect(await requests(pair.simulator, 'DELETE')).toHaveLength(deletes);
  });
});
