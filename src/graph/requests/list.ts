import type { z } from 'zod';
import type { ScriptUserState } from '../../script-user-state.js';
import { type DeviceRunState, deviceRunState, type ScriptSummary, script, scriptUserState } from '../entities.js';
import type { ScriptKind, ScriptRef, StateRef } from '../ids.js';
import { deviceStatesPath, scriptDeviceStatesPath, scriptsPath, userStatesPath } from '../paths.js';

/** A collection of Graph, and how it is requested. */
export interface List<T> {
  /** Relative to the base URL. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** Graph accepts the same options for all lists with the same kind. */
  readonly kind: string;
  /** `$top`: the requested number of entities per page. Graph may send fewer. */
  readonly top: number;
  /** `$expand`: the related entities to include. */
  readonly expand?: string;
}

const deviceExpand =
  'managedDevice($select=id,deviceName,operatingSystem,osVersion,lastSyncDateTime,userId,userPrincipalName)';

/** The scripts of one kind. */
export const scripts = (scriptKind: ScriptKind): List<ScriptSummary> => ({
  path: scriptsPath(scriptKind),
  schema: script,
  kind: scriptKind,
  // Summaries and one person's states take another request for each script of a page.
  top: 100,
});

/** The user states of a script. */
export const userStates = (of: ScriptRef): List<ScriptUserState> => ({
  path: userStatesPath(of),
  schema: scriptUserState,
  kind: `${of.scriptKind}/userRunStates`,
  top: 1_000,
});

/** The device states of a user state. */
export const deviceStates = (of: StateRef): List<DeviceRunState> => ({
  path: deviceStatesPath(of),
  schema: deviceRunState,
  kind: `${of.scriptKind}/userRunStates/deviceRunStates`,
  // Each has the output of its script, of up to 20 KiB.
  top: 200,
  expand: deviceExpand,
});

/** The device states of a script, of all people. */
export const scriptDeviceStates = (of: ScriptRef): List<DeviceRunState> => ({
  path: scriptDeviceStatesPath(of),
  schema: deviceRunState,
  kind: `${of.scriptKind}/deviceRunStates`,
  top: 200,
  expand: deviceExpand,
});
