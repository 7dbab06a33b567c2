import { Caption1, makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import { forcedColors, narrowScreen } from '../breakpoint.js';
import { FoldingSummary } from '../folding-summary.js';
import { formatNumber, formatShort } from '../format.js';
import { visuallyHidden } from '../visually-hidden.js';
import type { OverviewStatistics } from './script-outcome.js';
import { WorstScripts } from './worst-scripts.js';

const useStyles = makeStyles({
  card: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    gap: tokens.spacingHorizontalXXL,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
    [forcedColors]: { border: '1px solid CanvasText' },
    [narrowScreen]: { gridTemplateColumns: 'minmax(0, 1fr)', gap: tokens.spacingVerticalM },
  },
  facts: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, margin: 0 },
  line: { flexDirection: 'row', flexWrap: 'wrap', gap: `0 ${tokens.spacingHorizontalL}` },
  // The term precedes the number in the document, for screen readers, and follows it on screen.
  fact: { display: 'flex', flexDirection: 'column-reverse' },
  factInLine: { flexDirection: 'row-reverse', alignItems: 'baseline', gap: tokens.spacingHorizontalXS },
  number: { margin: 0, fontVariantNumeric: 'tabular-nums' },
  failing: { color: tokens.colorStatusDangerForeground1 },
  hidden: visuallyHidden,
  note: { color: tokens.colorNeutralForeground3 },
});

interface OverviewSummaryProps {
  readonly statistics: OverviewStatistics;
  /** Whether all scripts have been loaded. */
  readonly complete: boolean;
}

/** How many scripts fail, for how many people and on how many devices, and which ones fail most. */
export function OverviewSummary({ statistics, complete }: OverviewSummaryProps) {
  const styles = useStyles();
  const soFar = complete ? '' : ' so far';
  const facts = factsOf(statistics, soFar);
  const line = (
    <dl className={mergeClasses(styles.facts, styles.line)}>
      {facts.map(({ note: _note, ...fact }) => (
        <Fact key={fact.name} {...fact} isInLine />
      ))}
    </dl>
  );
  return (
    <FoldingSummary preference="overview-summary" complete={complete} line={line}>
      {(id) => (
        <div id={id} className={styles.card}>
          <dl className={styles.facts}>
            {facts.map((fact) => (
              <Fact key={fact.name} {...fact} />
            ))}
          </dl>
          <WorstScripts scripts={statistics.worst} soFar={soFar} />
        </div>
      )}
    </FoldingSummary>
  );
}

interface FactProps {
  readonly name: string;
  /** What screen readers read before the number, if the name can only be read after it. */
  readonly term?: string;
  readonly count: number;
  readonly note?: string;
  readonly isMain?: boolean;
  readonly isInLine?: boolean;
}

function factsOf(statistics: OverviewStatistics, soFar: string): readonly FactProps[] {
  const { scripts, outcomes, devicesFailed, peopleFailed } = statistics;
  const unknown = {
    name: 'scripts with unknown results',
    count: outcomes.unknown,
    note: 'Microsoft Graph has no summary of them',
  };
  return [
    {
      name: `of ${formatNumber(scripts)} scripts with failures${soFar}`,
      term: `Scripts with failures, of ${formatNumber(scripts)}${soFar}`,
      count: outcomes.failing,
      isMain: true,
    },
    { name: 'people with failures', count: peopleFailed, note: 'a person counts once for each script' },
    { name: 'devices with failures', count: devicesFailed, note: 'a device counts once for each script' },
    ...(outcomes.unknown > 0 ? [unknown] : []),
  ];
}

function Fact({ name, term, count, note, isMain = false, isInLine = false }: FactProps) {
  const styles = useStyles();
  return (
    <div className={mergeClasses(styles.fact, isInLine && styles.factInLine)}>
      <dt>
        <Text block aria-hidden={term !== undefined}>
          {name}
        </Text>
        {term !== undefined && <span className={styles.hidden}>{term}</span>}
        {note !== undefined && (
          <Caption1 block className={styles.note}>
            {note}
          </Caption1>
        )}
      </dt>
      <dd className={styles.number} title={formatNumber(count)}>
        <Text
          block
          size={isInLine ? 300 : isMain ? 800 : 500}
          weight="semibold"
          className={isMain && count > 0 ? styles.failing : undefined}
        >
          {formatShort(count)}
        </Text>
      </dd>
    </div>
  );
}
