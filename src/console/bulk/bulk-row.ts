import { expectedUserState } from '../../api/inputs/user-state.js';
import type { RouterInputs } from '../../client/index.js';
import { patchColumns } from '../csv/csv-format.js';
import { idKey } from '../ids.js';
import type { ScriptUserState } from '../queries.js';

type UpdateMany = RouterInputs['scriptUserState']['updateMany'];

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = UpdateMany['updates'][number];

/** The justification for updates in a tenant with multi admin approval. */
export type BulkApproval = NonNullable<UpdateMany['approval']>;

/** Makes an update depend on the values that it replaces: those of a state that the user has seen. */
export function expecting(seen: ScriptUserState, patch: BulkRow['patch']): Pick<BulkRow, 'expected'> {
  const columns = patchColumns.filter((column) => patch[column] !== undefined);
  // Graph can have a name that is too long for an input.
  const expected = expectedUserState.safeParse(
    Object.fromEntries(columns.map((column) => [column, seen[column]])),
  ).data;
  return expected === undefined ? {} : { expected };
}

/** The person of a row: the known name, otherwise the name to be set, otherwise the id of the state. */
export function personOf(row: BulkRow, names: ReadonlyMap<string, string>): string {
  return names.get(idKey(row.userStateId)) ?? row.patch.userPrincipalName ?? row.userStateId;
}

/** The names of people by the ids of their states. */
export function namesById(states: readonly ScriptUserState[]): ReadonlyMap<string, string> {
  return new Map(states.flatMap(({ id, userPrincipalName: name }) => (name ? [[idKey(id), name] as const] : [])));
}
