import type { RouterOutputs } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/routes.js';
import type { TestService } from './service.js';

/** A user state of the simulated tenant, by what a call names it with. */
export interface KnownState {
  readonly target: StateRef;
  readonly state: RouterOutputs['scriptUserState']['get'];
}

/** Finds user states of one script, at least as many as wanted. */
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
export async function oneState(service: TestService): Promise<KnownState> {
  const [first] = await someStates(service, 1);
  if (first === undefined) throw new Error('no user state');
  return first;
}
