import { makeStyles, Select, Text, tokens } from '@fluentui/react-components';
import { phoneScreen } from '../breakpoint.js';
import { FindBox } from '../find-box.js';
import { formatNumber, pluralize } from '../format.js';
import { scriptKinds, scriptKindTexts } from '../script-kinds.js';
import { type ScriptOutcome, scriptOutcomes, type validateOverviewSearch } from './overview-search.js';

const outcomeTexts = {
  failing: 'With failures',
  succeeding: 'Without failures',
  none: 'No results yet',
  unknown: 'Not known',
} as const satisfies Record<ScriptOutcome, string>;

const useStyles = makeStyles({
  bar: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', flexShrink: 0, gap: tokens.spacingHorizontalS },
  find: { [phoneScreen]: { width: '100%', maxWidth: 'none' } },
  select: { [phoneScreen]: { flex: '1 1 0', minWidth: '120px' } },
  count: { color: tokens.colorNeutralForeground3 },
});

interface OverviewFiltersProps {
  readonly search: ReturnType<typeof validateOverviewSearch>;
  readonly onChange: (change: { readonly find?: string; readonly kind?: string; readonly outcome?: string }) => void;
  /** The number of scripts that match, and of all. */
  readonly shown: number;
  readonly total: number;
  readonly complete: boolean;
}

/** The search and the filters of the table of scripts. */
export function OverviewFilters({ search, onChange, shown, total, complete }: OverviewFiltersProps) {
  const styles = useStyles();
  const all = `${pluralize(total, 'script', 'scripts')}${complete ? '' : ' so far'}`;
  return (
    <search aria-label="Filters" className={styles.bar}>
      <FindBox
        label="Find a script"
        className={styles.find}
        value={search.find ?? ''}
        onChange={(find) => onChange({ find })}
      />
      <Select
        aria-label="Kind"
        className={styles.select}
        value={search.kind ?? ''}
        onChange={(_event, { value }) => onChange({ kind: value })}
      >
        <option value="">All kinds</option>
        {scriptKinds.map((kind) => (
          <option key={kind} value={kind}>
            {`${scriptKindTexts[kind].name} (${scriptKindTexts[kind].platform})`}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Result"
        className={styles.select}
        value={search.outcome ?? ''}
        onChange={(_event, { value }) => onChange({ outcome: value })}
      >
        <option value="">All results</option>
        {scriptOutcomes.map((outcome) => (
          <option key={outcome} value={outcome}>
            {outcomeTexts[outcome]}
          </option>
        ))}
      </Select>
      <Text size={200} role="status" className={styles.count}>
        {shown === total ? all : `${formatNumber(shown)} of ${all}`}
      </Text>
    </search>
  );
}
