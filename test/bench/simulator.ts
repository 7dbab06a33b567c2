import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { scriptUserState } from '../../src/graph/entities.js';
import { type StateRef, scriptKinds } from '../../src/graph/ids.js';
import { scriptsPath, userStatePath, userStatesPath } from '../../src/graph/paths.js';
import type { ScriptUserState } from '../../src/script-user-state.js';
import { type Controls, createControls } from '../support/controls.js';
import { expectedState, findStateError } from './calls.js';
import { startServer } from './server-process.js';

/** A simulator in a separate process. */
export interface BenchSimulator extends Controls {
  readonly baseUrl: string;
  /** A token that it accepts. */
  readonly token: string;
  /** All user states of some scripts, at least as many as requested if there are so many. */
  someStates(atLeast: number): Promise<readonly StateRef[]>;
  read(target: StateRef): Promise<ScriptUserState>;
  stop(): Promise<void>;
}

const page = z.object({ value: z.array(z.object({ id: z.string() })), '@odata.nextLink': z.string().optional() });

/** Starts a simulator without latency or quota. @param faults random faults, in the format of `SIMULATOR_FAULTS` */
export async function startBenchSimulator(folder: string, faults = ''): Promise<BenchSimulator> {
  const file = fileURLToPath(new URL('simulator-process.ts', import.meta.url));
  const serving = await startServer(
    { name: 'simulator', args: ['--import', 'tsx', file], env: { SIMULATOR_FAULTS: faults } },
    folder,
  );
  const { url } = serving;
  const baseUrl = `${url}/beta`;
  const token = 'a-token-for-the-benchmark';
  const controls = createControls(url);
  await controls.register(token);

  async function get(address: string): Promise<unknown> {
    const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`GET ${address}: ${response.status}`);
    return response.json();
  }

  async function ids(path: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (let next: string | undefined = `${baseUrl}/${path}`; next !== undefined; ) {
      const { value, '@odata.nextLink': link } = page.parse(await get(next));
      found.push(...value.map(({ id }) => id));
      next = link;
    }
    return found;
  }

  return {
    ...controls,
    baseUrl,
    token,
    async someStates(atLeast) {
      const targets: StateRef[] = [];
      for (const scriptKind of scriptKinds) {
        for (const scriptId of await ids(scriptsPath(scriptKind))) {
          if (targets.length >= atLeast) return targets;
          const script = { scriptKind, scriptId };
          targets.push(...(await ids(userStatesPath(script))).map((userStateId) => ({ ...script, userStateId })));
        }
      }
      return targets;
    },
    read: async (target) => scriptUserState.parse(await get(`${baseUrl}/${userStatePath(target)}`)),
    stop: () => serving.stop(),
  };
}

/** Reads every tenth state from the simulator. Rejects if one does not have the values of the run. */
export async function verifyStates(
  simulator: BenchSimulator,
  targets: readonly StateRef[],
  run: number,
): Promise<void> {
  for (const [index, target] of targets.entries()) {
    if (index % 10 !== 0) continue;
    const error = findStateError(expectedState(target, index, run), await simulator.read(target));
    if (error !== undefined) throw new Error(`simulator: ${error}`);
  }
}
