import type { RouterOutputs } from '../../src/contract.js';
import { type StateRef, scriptKinds } from '../../src/graph/ids.js';
import { useFixture } from './fixture.js';
import { canaryToken, liveSettings, startTestService, type TestService } from './service.js';
import type { TestSimulator } from './simulator.js';

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

/** Finds one user state of a service before the tests of a file or suite. */
export function useKnownState(pair: { readonly service: Pick<TestService, 'client'> }): KnownState {
  return useFixture(
    () => oneState(pair.service),
    () => undefined,
  );
}

/** Finds that many user states, each once, of scripts of the given kinds. */
export async function manyStates(
  { client }: Pick<TestService, 'client'>,
  wanted: number,
  kinds: readonly (typeof scriptKinds)[number][] = scriptKinds,
): Promise<readonly KnownState[]> {
  const found: KnownState[] = [];
  for (const scriptKind of kinds) {
    let cursor: string | undefined;
    do {
      const scripts = await client.script.list.query({ scriptKind, cursor });
      cursor = scripts.nextCursor;
      for (const { id: scriptId } of scripts.items) {
        const { items } = await client.scriptUserState.list.query({ scriptKind, scriptId });
        found.push(...items.map((state) => ({ target: { scriptKind, scriptId, userStateId: state.id }, state })));
        if (found.length >= wanted) return found.slice(0, wanted);
      }
    } while (cursor !== undefined);
  }
  throw new Error(`there are not ${wanted} user states`);
}

/** Finds a user state of a simulator, with a separate service and token. */
export async function findState(simulator: Pick<TestSimulator, 'baseUrl' | 'register' | 'reset'>): Promise<KnownState> {
  await simulator.register(canaryToken);
  const finder = await startTestService(liveSettings(simulator));
  try {
    return await oneState(finder);
  } finally {
    await finder.stop();
    await simulator.reset();
  }
}
