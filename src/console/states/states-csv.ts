import { formatCsv, patchColumns, stateColumns } from '../csv/csv-format.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';

/** Formats the user states of a script as CSV, which can be edited and imported again. */
export function formatUserStates({ scriptKind, scriptId }: ScriptRef, states: readonly ScriptUserState[]): string {
  return formatCsv(
    [...stateColumns, ...patchColumns],
    states.map((state) => [scriptKind, scriptId, state.id, ...patchColumns.map((column) => state[column])]),
  );
}
