import { Caption1, makeStyles, Text, tokens } from '@fluentui/react-components';
import { narrowScreen } from '../breakpoint.js';
import { formatNumber, formatShort } from '../format.js';
import type { OverviewStatistics } from './script-outcome.js';
import { WorstScripts } from './worst-scripts.js';

const useStyles = makeStyles({
  summary: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    gap: tokens.spacingHorizontalXXL,
    flexShrink: 0,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
    [narrowScreen]: { gridTemplateColumns: 'minmax(0, 1fr)', gap: tokens.spacingVerticalM },
  },
  facts: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, margin: 0 },
  // The term precedes the number in the document, for screen readers, and follows it on screen.
  fact: { display: 'flex', flexDirection: 'column-reverse' },
  number: { margin: 0, fontVariantNumeric: 'tabular-nums' },
  failing: { color: tokens.colorStatusDangerForeground1 },
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
  const { scripts, outcomes, devicesFailed, peopleFailed, worst } = statistics;
  const soFar = complete ? '' : ' so far';
  return (
    <section aria-label="Summary" className={styles.summary}>
      <dl className={styles.facts}>
        <Fact name={`of ${formatNumber(scripts)} scripts with failures${soFar}`} count={outcomes.failing} isMain />
        <Fact name="people with failures" count={peopleFailed} note="a person counts once for each script" />
        <Fact name="devices with failures" count={devicesFailed} note="a device counts once for each script" />
        {outcomes.unknown > 0 && (
          <Fact name="scripts not known" count={outcomes.unknown} note="Microsoft Graph has no summary of them" />
        )}
      </dl>
      <WorstScripts scripts={worst} soFar={soFar} />
    </section>
  );
}

interface FactProps {
  readonly name: string;
  readonly count: number;
  readonly note?: string;
  readonly isMain?: boolean;
}

function Fact({ name, count, note, isMain = false }: FactProps) {
  const styles = useStyles();
  return (
    <div className={styles.fact}>
      <dt>
        <Text block>{name}</Text>
        {note !== undefined && (
          <Caption1 block className={styles.note}>
            {note}
          </Caption1>
        )}
      </dt>
      <dd className={styles.number} title={formatNumber(count)}>
        <Text
          block
          size={isMain ? 800 : 500}
          weight="semibold"
          className={isMain && count > 0 ? styles.failing : undefined}
        >
          {formatShort(count)}
        </Text>
      </dd>
    </div>
  );
}
