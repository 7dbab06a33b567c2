import { formatCsv, patchColumns, readerColumns, reasonColumns, stateColumns } from '../csv/csv-format.js';
import type { ScriptRef, ScriptSummary } from '../queries.js';
import type { FailureReasons } from './failure-reasons.js';
import { statusTexts } from './outcome-filters.js';
import { outcomeLabels, outcomeOf } from './statistics.js';
import type { VisibleState } from './visible-states.js';

/**
 * Formats the user states of a script as CSV, which can be edited and imported again. An import ignores the columns
 * for readers: the name of the script, the outcome, the status of a change made on this page, and the failures.
 */
export function formatUserStates(
  { scriptKind, scriptId }: ScriptRef,
  states: readonly VisibleState[],
  script?: ScriptSummary,
  failures?: FailureReasons,
): string {
  return formatCsv(
    [...readerColumns, ...stateColumns, ...patchColumns, ...(failures === undefined ? [] : reasonColumns)],
    states.map((state) => [
      script?.displayName ?? script?.fileName,
      outcomeLabels[outcomeOf(state)],
      state.status && statusTexts[state.status],
      scriptKind,
      scriptId,
      state.id,
      ...patchColumns.map((column) => state[column]),
      ...(failures === undefined ? [] : reasonCells(state, failures)),
    ]),
  );
}

/** The failed devices of a person and the reasons. Failures that Graph counts, but does not list, are not left out. */
function reasonCells(state: VisibleState, failures: FailureReasons): readonly [devices: string, reasons: string] {
  const { devices = [], reasons = [] } = failures.of(state) ?? {};
  if (devices.length === 0 && state.errorDeviceCount > 0) return ['', 'Not known'];
  return [devices.join('; '), reasons.join('; ')];
}
