import { useQueries } from '@tanstack/react-query';
import { idKey } from '../ids.js';
import { type DeviceRunState, type PersonState, personDevicesQuery } from '../queries.js';
import { isFailed, systemOf } from '../run-state.js';

/** A device of a person, with the results of all scripts on it. */
export interface PersonDevice {
  readonly id: string;
  readonly name: string;
  readonly system: string;
  readonly lastSyncDateTime: string | null;
  readonly failed: number;
  readonly succeeded: number;
}

/** The devices of a person, from the results of their scripts. */
export function useDevices(states: readonly PersonState[]) {
  return useQueries({
    queries: states.map(({ scriptKind, scriptId, id }) =>
      personDevicesQuery({ scriptKind, scriptId, userStateId: id }),
    ),
    combine: (results) => ({
      devices: joinDevices(results.flatMap(({ data }) => data?.items ?? [])),
      complete: results.every(({ isPending }) => !isPending),
      failedCount: results.filter(({ isError }) => isError).length,
    }),
  });
}

function joinDevices(runStates: readonly DeviceRunState[]): readonly PersonDevice[] {
  const devices = new Map<string, PersonDevice>();
  for (const runState of runStates) {
    const { device } = runState;
    if (device === null) continue;
    const { failed, succeeded } = devices.get(idKey(device.id)) ?? { failed: 0, succeeded: 0 };
    devices.set(idKey(device.id), {
      id: device.id,
      name: device.deviceName || device.id,
      system: systemOf(runState),
      lastSyncDateTime: device.lastSyncDateTime,
      failed: failed + (isFailed(runState) ? 1 : 0),
      succeeded: succeeded + (runState.runState === 'success' ? 1 : 0),
    });
  }
  return [...devices.values()];
}
