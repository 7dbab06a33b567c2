import type { RouterInputs } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/routes.js';
import { type Wanted, wantedOf } from './calls.js';

/** One of many updates, as this service takes them. */
export type Update = RouterInputs['scriptUserState']['updateMany']['updates'][number];

/** An update of every state, with the values of one run. */
export function updatesOf(targets: readonly StateRef[], run: number): Update[] {
  return targets.map((target, index) => {
    const { id: _, ...patch } = wantedOf(target, index, run);
    return { ...target, patch };
  });
}

/** The values that an update asks for. */
export function wantedBy({ userStateId, patch }: Update): Wanted {
  const { successDeviceCount = Number.NaN, errorDeviceCount = Number.NaN } = patch;
  return { id: userStateId, successDeviceCount, errorDeviceCount };
}
