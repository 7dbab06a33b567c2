import type { DeviceRunState } from '../queries.js';
import { isFailed } from '../run-state.js';

/** The message of a run state: the description of its error, and what the script printed. */
export const messageOf = ({ errorDescription, resultMessage }: DeviceRunState): string =>
  [errorDescription, resultMessage].filter(Boolean).join(': ');

/** The name of the device of a run state; the id of the state where Graph has no name. */
export const deviceNameOf = ({ id, device }: DeviceRunState): string => device?.deviceName || id;

/** The operating system of the device of a run state. */
export const systemOf = ({ device }: DeviceRunState): string =>
  [device?.operatingSystem, device?.osVersion].filter(Boolean).join(' ');

/** An error code as Intune and Windows write it: `127`, or `0x87D1FDE8` for a negative one. */
export const formatErrorCode = (code: number): string =>
  code >= 0 ? String(code) : `0x${(code >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;

/** The failures of a script with the same error code and message. */
export interface FailureGroup {
  /** Identifies the group in an address. */
  readonly key: string;
  readonly errorCode: number | null;
  readonly message: string;
  readonly states: readonly DeviceRunState[];
  /** The people whose devices these are, as far as Graph says so, by id. */
  readonly people: ReadonlySet<string>;
}

/** Groups the failures among run states, the largest group first. */
export function failureGroups(states: readonly DeviceRunState[]): readonly FailureGroup[] {
  const groups = new Map<string, DeviceRunState[]>();
  for (const state of states) {
    if (!isFailed(state)) continue;
    const key = JSON.stringify([state.errorCode, messageOf(state).trim()]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [state]);
    else group.push(state);
  }
  return [...groups]
    .map(
      ([key, group]): FailureGroup => ({
        key: shortKey(key),
        errorCode: group[0]?.errorCode ?? null,
        message: group[0] === undefined ? '' : messageOf(group[0]).trim(),
        states: group,
        people: new Set(group.flatMap(({ device }) => (device?.userId ? [device.userId.toLowerCase()] : []))),
      }),
    )
    .toSorted((a, b) => b.states.length - a.states.length);
}

/** A text short enough for an address, by the hash FNV-1a. */
function shortKey(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}
