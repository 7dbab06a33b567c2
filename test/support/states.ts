import type { RouterOutputs } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/routes.js';
import type { TestService } from './service.js';

/** A user state of the simulated tenant, and the ids that identify it in calls. */
export interface KnownState {
  readonly target: StateRef;
  readonly state: RouterOutputs['scriptUserState']['get'];
}

/** Finds a script with at least that many user states, and returns its first page of them. */
export async function someStates(
  { client }: Pick<TestService, 'client'>,
  atLeast: number,
): Promise<readonly KnownState[]> {
  const scriptKind = 'deviceShellScript';
  const scripts = await client.script.list.query({ scriptKind });
  for (const { id: scriptId } of scripts.items) {
    const { items } = await client.scriptUserState.list.query({ scriptKind, scriptId });
    if (items.length >= atLeast) {
      return items.map((state) => ({ target: { scriptKind, scriptId, userStateId: state.id }, state }));
    }
  }
  throw new Error(`no script has ${atLeast} user states`);
}

/** One user state. */
export async function oneState(service: Pick<TestService, 'client'>): Promise<KnownState> {
  const [first] = await someStates(service, 1);
  if (first === undefined) throw new Error('no user state');
  return first;
}
