/** The kinds of script that have user run states: for macOS and Linux, for Windows, and macOS custom attributes. */
export const scriptKinds = ['deviceShellScript', 'deviceManagementScript', 'deviceCustomAttributeShellScript'] as const;

/** One of {@link scriptKinds}. */
export type ScriptKind = (typeof scriptKinds)[number];

const collections = {
  deviceShellScript: 'deviceShellScripts',
  deviceManagementScript: 'deviceManagementScripts',
  deviceCustomAttributeShellScript: 'deviceCustomAttributeShellScripts',
} as const satisfies Record<ScriptKind, string>;

/** Identifies a script. */
export interface ScriptRef {
  readonly scriptKind: ScriptKind;
  readonly scriptId: string;
}

/** Identifies the run state of one person for one script. */
export interface StateRef extends ScriptRef {
  readonly userStateId: string;
}

/**
 * The ids that are accepted: any string of a safe alphabet. Real ids are `<guid>:<guid>`, but the documentation has ids
 * that are not valid GUIDs. An empty id would collapse the path, which would then identify another resource.
 */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,256}$/;

/** Percent-encodes an id as one path segment. Inputs are validated before; this is a second line of defense. */
function segment(id: string): string {
  if (!idPattern.test(id)) throw new TypeError('not an id');
  return encodeURIComponent(id);
}

/** The path of a collection of scripts, relative to the base URL. */
export function scriptsPath(scriptKind: ScriptKind): string {
  return `deviceManagement/${collections[scriptKind]}`;
}

function scriptPath({ scriptKind, scriptId }: ScriptRef): string {
  return `${scriptsPath(scriptKind)}/${segment(scriptId)}`;
}

/** The path of the summary of a script's runs. */
export function runSummaryPath(script: ScriptRef): string {
  return `${scriptPath(script)}/runSummary`;
}

/** The path of the user run states of a script. */
export function userStatesPath(script: ScriptRef): string {
  return `${scriptPath(script)}/userRunStates`;
}

/** The path of the device run states of a script, of all people. */
export function scriptDeviceStatesPath(script: ScriptRef): string {
  return `${scriptPath(script)}/deviceRunStates`;
}

/** The path of a user run state. */
export function userStatePath(target: StateRef): string {
  return `${userStatesPath(target)}/${segment(target.userStateId)}`;
}

/** A key that is the same for all spellings of a user run state: GUIDs are compared without regard to case. */
export function stateKey(target: StateRef): string {
  return userStatePath(target).toLowerCase();
}

/** The path of the device run states of a user run state. */
export function deviceStatesPath(target: StateRef): string {
  return `${userStatePath(target)}/deviceRunStates`;
}
