import { expectedUserState } from '../../api/inputs/user-state.js';
import type { RouterInputs } from '../../client/index.js';
import { patchColumns } from '../csv/csv-format.js';
import { isOutcomeUnknown } from '../failure.js';
import type { ScriptUserState } from '../queries.js';
import type { JobRow } from './job-queries.js';

/** One update of a new job: a user state, and the values to set. */
export type RowUpdate = RouterInputs['updateJob']['start']['updates'][number];

/** Makes an update depend on the values that it replaces: those of a state that the user has seen. */
export function expecting(seen: ScriptUserState, patch: RowUpdate['patch']): Pick<RowUpdate, 'expected'> {
  const columns = patchColumns.filter((column) => patch[column] !== undefined);
  // Graph can have a name that is too long for an input.
  const expected = expectedUserState.safeParse(
    Object.fromEntries(columns.map((column) => [column, seen[column]])),
  ).data;
  return expected === undefined ? {} : { expected };
}

/** Whether a row was not applied because its state has changed. Its error contains the new values. */
export const hasConflict = ({ error }: JobRow): boolean =>
  error?.data.reason === 'CONFLICT' && error.data.current !== undefined;

/**
 * A failed row as a new job sends it again: it replaces the values that the report shows. After an unknown outcome those
 * may be its own.
 *
 * @returns nothing for a row that removes a name, which only an undo can do
 */
export function updateAgain({
  scriptKind,
  scriptId,
  userStateId,
  patch,
  expected,
  error,
}: JobRow): readonly RowUpdate[] {
  const { userPrincipalName: name, ...counts } = patch;
  if (name === null) return [];
  const values = name === undefined ? counts : { ...counts, userPrincipalName: name };
  const update = { scriptKind, scriptId, userStateId, patch: values };
  if (expected === undefined || (error !== undefined && isOutcomeUnknown(error.data.reason))) return [update];
  const current = error?.data.current;
  return [{ ...update, ...(current === undefined ? { expected } : expecting(current, values)) }];
}
