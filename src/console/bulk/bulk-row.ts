import type { RouterInputs } from '../../client/index.js';
import { idKey } from '../ids.js';
import type { ScriptUserState } from '../queries.js';

type UpdateMany = RouterInputs['scriptUserState']['updateMany'];

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = UpdateMany['updates'][number];

/** The justification for updates in a tenant with multi admin approval. */
export type BulkApproval = NonNullable<UpdateMany['approval']>;

/** The person of a row: the known name, otherwise the name to be set, otherwise the id of the state. */
export function personOf(row: BulkRow, names: ReadonlyMap<string, string>): string {
  return names.get(idKey(row.userStateId)) ?? row.patch.userPrincipalName ?? row.userStateId;
}

/** The names of people by the ids of their states. */
export function namesById(states: readonly ScriptUserState[]): ReadonlyMap<string, string> {
  return new Map(states.flatMap(({ id, userPrincipalName: name }) => (name ? [[idKey(id), name] as const] : [])));
}
