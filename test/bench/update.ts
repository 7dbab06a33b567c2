import type { RouterInputs } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/ids.js';
import { type ExpectedState, expectedState } from './calls.js';

/** One update in the input of `updateMany`. */
export type Update = RouterInputs['scriptUserState']['updateMany']['updates'][number];

/** Creates one update for every state, with the values of one run. */
export function createUpdates(targets: readonly StateRef[], run: number): Update[] {
  return targets.map((target, index) => {
    const { id: _, ...patch } = expectedState(target, index, run);
    return { ...target, patch };
  });
}

/** The state that an update must return. */
export function stateAfter({ userStateId, patch }: Update): ExpectedState {
  const { successDeviceCount = Number.NaN, errorDeviceCount = Number.NaN } = patch;
  return { id: userStateId, successDeviceCount, errorDeviceCount };
}
