import { makeStyles, Select } from '@fluentui/react-components';
import { narrowScreen } from '../breakpoint.js';
import { formatNumber } from '../format.js';
import { type OutcomeFilter, outcomeFilters } from '../url-state.js';
import { filterByOutcome, outcomeTitles } from './outcome-filters.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  select: { flex: '0 1 190px', minWidth: '130px', [narrowScreen]: { flexGrow: 1 } },
});

interface OutcomeSelectProps {
  readonly states: readonly VisibleState[];
  readonly value: OutcomeFilter | null;
  readonly onChange: (value: OutcomeFilter | null) => void;
}

/** Selects the people to show by outcome; each outcome has the number of its people. */
export function OutcomeSelect({ states, value, onChange }: OutcomeSelectProps) {
  return (
    <Select
      aria-label="Outcome"
      className={useStyles().select}
      value={value ?? ''}
      onChange={(_event, { value: next }) => onChange(outcomeFilters.find((each) => each === next) ?? null)}
    >
      <option value="">All outcomes</option>
      {outcomeFilters.map((each) => (
        <option key={each} value={each}>
          {`${outcomeTitles[each]} (${formatNumber(filterByOutcome(states, each).length)})`}
        </option>
      ))}
    </Select>
  );
}
