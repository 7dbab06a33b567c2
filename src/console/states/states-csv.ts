import { formatCsv, patchColumns, readerColumns, stateColumns } from '../csv/csv-format.js';
import type { ScriptRef, ScriptSummary } from '../queries.js';
import { statusTexts } from './outcome-filters.js';
import { outcomeLabels, outcomeOf } from './statistics.js';
import type { VisibleState } from './visible-states.js';

/**
 * Formats the user states of a script as CSV, which can be edited and imported again. An import ignores the columns
 * for readers: the name of the script, the outcome, and the status of a change made on this page.
 */
export function formatUserStates(
  { scriptKind, scriptId }: ScriptRef,
  states: readonly VisibleState[],
  script?: ScriptSummary,
): string {
  return formatCsv(
    [...readerColumns, ...stateColumns, ...patchColumns],
    states.map((state) => [
      script?.displayName ?? script?.fileName,
      outcomeLabels[outcomeOf(state)],
      state.status && statusTexts[state.status],
      scriptKind,
      scriptId,
      state.id,
      ...patchColumns.map((column) => state[column]),
    ]),
  );
}
