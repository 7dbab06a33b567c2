import { idKey } from '../ids.js';
import type { DeviceRunState } from '../queries.js';
import { isFailed, messageOf } from '../run-state.js';

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
        people: new Set(group.flatMap(({ device }) => (device?.userId ? [idKey(device.userId)] : []))),
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
