import { idPattern, type ScriptKind, type ScriptRef, type StateRef } from './ids.js';

const collections = {
  deviceShellScript: 'deviceShellScripts',
  deviceManagementScript: 'deviceManagementScripts',
  deviceCustomAttributeShellScript: 'deviceCustomAttributeShellScripts',
} as const satisfies Record<ScriptKind, string>;

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

/** The path of the list of approval requests with a code. */
export function approvalRequestPath(code: string): string {
  return `deviceManagement/operationApprovalRequests?$filter=${encodeURIComponent(`requestId eq '${code}'`)}`;
}
