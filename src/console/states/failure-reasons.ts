import { idKey, userIdOf } from '../ids.js';
import type { DeviceRunState, ScriptUserState } from '../queries.js';
import { deviceNameOf, formatErrorCode, isFailed, messageOf } from '../run-state.js';

/** Why a script failed for a person. */
interface PersonFailures {
  readonly devices: readonly string[];
  /** Each once: the messages with their error codes. */
  readonly reasons: readonly string[];
}

/** The failures of a script by person. */
export interface FailureReasons {
  /** The failures of a person; `undefined` if no device of theirs is known to have failed. */
  readonly of: (state: ScriptUserState) => PersonFailures | undefined;
  /** The number of failed devices of the script that belong to nobody in the list. */
  readonly withoutPerson: number;
}

/**
 * Finds the failures among the run states of a script on all devices, and joins them by person.
 *
 * @param people all people of the script
 */
export function failureReasons(
  runStates: readonly DeviceRunState[],
  people: readonly ScriptUserState[],
): FailureReasons {
  const known = new Set(people.flatMap(keysOfState));
  const failures = new Map<string, DeviceRunState[]>();
  let withoutPerson = 0;
  for (const runState of runStates) {
    if (!isFailed(runState)) continue;
    const keys = keysOf(runState.device?.userId, runState.device?.userPrincipalName);
    if (!keys.some((key) => known.has(key))) withoutPerson += 1;
    for (const key of keys) {
      const sameKey = failures.get(key);
      if (sameKey === undefined) failures.set(key, [runState]);
      else sameKey.push(runState);
    }
  }
  return {
    withoutPerson,
    of(state) {
      const failed = [...new Set(keysOfState(state).flatMap((key) => failures.get(key) ?? []))];
      if (failed.length === 0) return undefined;
      return { devices: failed.map(deviceNameOf), reasons: [...new Set(failed.map(reasonOf))] };
    },
  };
}

/**
 * The keys of a person: Graph does not always send both the id and the name of a device's person, nor does the id of
 * every user state contain that of its person. Unlike an id, the key of a name contains a space.
 */
const keysOf = (userId: string | null | undefined, name: string | null | undefined): readonly string[] => [
  ...(userId ? [idKey(userId)] : []),
  ...(name ? [`name ${name.toLowerCase()}`] : []),
];

const keysOfState = ({ id, userPrincipalName }: ScriptUserState) => keysOf(userIdOf(id), userPrincipalName);

function reasonOf(runState: DeviceRunState): string {
  const { errorCode } = runState;
  const message = messageOf(runState).trim() || 'No message';
  return errorCode === null ? message : `${message} (error code ${formatErrorCode(errorCode)})`;
}
