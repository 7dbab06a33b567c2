import type { Entity } from './query-options.js';
import type {
  ScriptCollection,
  SimulatedDeviceState,
  SimulatedScript,
  SimulatedTenant,
  SimulatedUserState,
} from './tenant.js';
import { userStateType } from './user-state-body.js';

const scriptTypes = {
  deviceShellScripts: '#microsoft.graph.deviceShellScript',
  deviceManagementScripts: '#microsoft.graph.deviceManagementScript',
  deviceCustomAttributeShellScripts: '#microsoft.graph.deviceCustomAttributeShellScript',
} as const satisfies Record<ScriptCollection, string>;
const maxInt32 = 2_147_483_647;

/** The scripts of a collection, without their content, as Graph lists them. */
export function scriptEntities(collection: ScriptCollection, tenant: SimulatedTenant): readonly Entity[] {
  return [...tenant[collection].values()].map(({ properties }) => ({
    '@odata.type': scriptTypes[collection],
    ...properties,
  }));
}

/** A script with its content. */
export function scriptEntity(collection: ScriptCollection, { properties, content }: SimulatedScript): Entity {
  return { '@odata.type': scriptTypes[collection], ...properties, scriptContent: content };
}

/** A `deviceManagementScriptUserState`. */
export function userStateEntity(state: SimulatedUserState): Entity {
  return { '@odata.type': userStateType, ...state };
}

/** A `deviceManagementScriptDeviceState` with its navigation property `managedDevice`. */
export function deviceStateEntity(state: SimulatedDeviceState): Entity {
  return {
    '@odata.type': '#microsoft.graph.deviceManagementScriptDeviceState',
    ...state,
    managedDevice: managedDeviceEntity(state),
  };
}

/** The `managedDevice` of a device state; null if the device is no longer managed. */
export function managedDeviceEntity({ managedDevice }: SimulatedDeviceState): Entity | null {
  return managedDevice && { '@odata.type': '#microsoft.graph.managedDevice', ...managedDevice };
}

/** The `deviceManagementScriptRunSummary` of a script: the sums of its user states, at most the maximum of Int32. */
export function runSummaryEntity({ properties, userStates }: SimulatedScript): Entity {
  const states = [...userStates.values()];
  const sum = (count: (state: SimulatedUserState) => number) =>
    Math.min(
      maxInt32,
      states.reduce((total, state) => total + count(state), 0),
    );
  return {
    '@odata.type': '#microsoft.graph.deviceManagementScriptRunSummary',
    id: properties['id'],
    successDeviceCount: sum((state) => state.successDeviceCount),
    errorDeviceCount: sum((state) => state.errorDeviceCount),
    successUserCount: sum((state) => Number(state.successDeviceCount > 0 && state.errorDeviceCount === 0)),
    errorUserCount: sum((state) => Number(state.errorDeviceCount > 0)),
  };
}

/** Whether Graph has a collection of scripts with this name. */
export function isScriptCollection(name: string | undefined): name is ScriptCollection {
  return name !== undefined && Object.hasOwn(scriptTypes, name);
}
