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
  /** The number of failed devices whose person Graph does not name. */
  readonly withoutPerson: number;
}

/** Finds the failures among the run states of a script on all devices, and joins them by person. */
export function failureReasons(runStates: readonly DeviceRunState[]): FailureReasons {
  const failures = new Map<string, DeviceRunState[]>();
  let withoutPerson = 0;
  for (const runState of runStates) {
    if (!isFailed(runState)) continue;
    const { userId, userPrincipalName } = runState.device ?? {};
    // The id of a state does not always contain that of its person.
    const keys = [userId && idKey(userId), userPrincipalName && nameKey(userPrincipalName)].filter(
      (key): key is string => Boolean(key),
    );
    if (keys.length === 0) withoutPerson += 1;
    for (const key of keys) failures.set(key, [...(failures.get(key) ?? []), runState]);
  }
  return {
    withoutPerson,
    of({ id, userPrincipalName }) {
      const userId = userIdOf(id);
      const key = userId === undefined ? nameKey(userPrincipalName ?? '') : idKey(userId);
      const failed = failures.get(key);
      return failed && { devices: failed.map(deviceNameOf), reasons: [...new Set(failed.map(reasonOf))] };
    },
  };
}

/** The key of a name. Unlike an id, it contains a space. */
const nameKey = (name: string) => `name ${name.toLowerCase()}`;

function reasonOf(runState: DeviceRunState): string {
  const { errorCode } = runState;
  const message = messageOf(runState).trim() || 'No message';
  return errorCode === null ? message : `${message} (error code ${formatErrorCode(errorCode)})`;
}
