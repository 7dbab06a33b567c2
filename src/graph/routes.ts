/** The kinds of script that Intune keeps user run states for: macOS and Linux, Windows, macOS custom attributes. */
export const scriptKinds = ['deviceShellScript', 'deviceManagementScript', 'deviceCustomAttributeShellScript'] as const;

/** One of {@link scriptKinds}. */
export type ScriptKind = (typeof scriptKinds)[number];

const collections = {
  deviceShellScript: 'deviceShellScripts',
  deviceManagementScript: 'deviceManagementScripts',
  deviceCustomAttributeShellScript: 'deviceCustomAttributeShellScripts',
} as const satisfies Record<ScriptKind, string>;

/** One script. */
export interface ScriptRef {
  readonly scriptKind: ScriptKind;
  readonly scriptId: string;
}

/** One person's run state of one script. */
export interface StateRef extends ScriptRef {
  readonly userStateId: string;
}

/**
 * What an id may look like: real ones are `<guid>:<guid>`, the documentation's are no valid GUIDs, so any string of a
 * safe alphabet. An empty one would collapse the path and name another resource.
 */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,256}$/;

/** Percent-encodes an id as the one path segment that it is. A second line of defence: inputs are checked before. */
function segment(id: string): string {
  if (!idPattern.test(id)) throw new TypeError('not an id');
  return encodeURIComponent(id);
}

/** The collection of a kind of script, relative to the base address. */
export function scriptsPath(scriptKind: ScriptKind): string {
  return `deviceManagement/${collections[scriptKind]}`;
}

/** The user run states of one script. */
export function userStatesPath({ scriptKind, scriptId }: ScriptRef): string {
  return `${scriptsPath(scriptKind)}/${segment(scriptId)}/userRunStates`;
}

/** One user run state. */
export function userStatePath(target: StateRef): string {
  return `${userStatesPath(target)}/${segment(target.userStateId)}`;
}

/** What tells one user run state from another: Graph's ids are GUIDs, which are the same in capitals. */
export function stateKey(target: StateRef): string {
  return userStatePath(target).toLowerCase();
}

/** The device run states behind one user run state. */
export function deviceStatesPath(target: StateRef): string {
  return `${userStatePath(target)}/deviceRunStates`;
}
