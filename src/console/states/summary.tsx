import { Button, Caption1Strong, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ChevronDownRegular, ChevronUpRegular } from '@fluentui/react-icons';
import { type ReactNode, useMemo, useState } from 'react';
import { formatNumber, formatShare, pluralize } from '../format.js';
import type { ScriptUserState } from '../queries.js';
import { itemHeightPx, MostFailures } from './most-failures.js';
import { OutcomeChart } from './outcome-chart.js';
import { statisticsOf } from './statistics.js';
import { narrowSummary, Totals } from './totals.js';

/** The number of people in the list of those with the most failed devices. */
const topCount = 5;

const useStyles = makeStyles({
  // A container query: the summary follows the width that it has.
  container: { containerType: 'inline-size', position: 'relative' },
  folded: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `0 ${tokens.spacingHorizontalXS} 0 ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
  },
  line: { flexGrow: 1 },
  fold: { position: 'absolute', top: tokens.spacingVerticalXXS, right: tokens.spacingHorizontalXS },
  card: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXL}`,
    boxSizing: 'border-box',
    minHeight: '180px',
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
  },
  heading: { margin: 0, marginBottom: tokens.spacingVerticalXS },
  totals: { [narrowSummary]: { order: -1, width: '100%' } },
  failures: { flex: '1 1 160px', minWidth: 0, maxWidth: '560px' },
  // A fixed height: the layout must not shift while pages arrive.
  rows: { minHeight: `${topCount * itemHeightPx}px` },
  none: { color: tokens.colorNeutralForeground3 },
});

/** Whether the summary would leave room for few people below it, as on a laptop at 125 %. */
const isShortScreen = () => matchMedia('(max-height: 800px)').matches;

interface SummaryProps {
  readonly states: readonly ScriptUserState[];
  /** Whether all pages have been fetched. */
  readonly complete: boolean;
  readonly onOpen: (stateId: string) => void;
}

/** The results of a script over all people. */
export function Summary({ states, complete, onOpen }: SummaryProps) {
  const styles = useStyles();
  const statistics = useMemo(() => statisticsOf(states, topCount), [states]);
  const soFar = complete ? '' : ' so far';
  const [isFolded, setFolded] = useState(isShortScreen);
  if (statistics.people === 0) return null;
  if (isFolded) {
    const { people, outcomes, devicesSucceeded, devicesFailed } = statistics;
    const failed = outcomes.mixed + outcomes.failed;
    return (
      <section aria-label="Summary" className={styles.folded}>
        <Text className={styles.line}>
          {`${pluralize(failed, 'person', 'people')} of ${formatNumber(people)} with failures, `}
          {`${pluralize(devicesFailed, 'device', 'devices')} failed `}
          {`(${formatShare(devicesFailed, devicesFailed + devicesSucceeded)})${soFar}`}
        </Text>
        <Button
          appearance="subtle"
          size="small"
          aria-expanded={false}
          icon={<ChevronDownRegular />}
          onClick={() => setFolded(false)}
        >
          Show summary
        </Button>
      </section>
    );
  }
  return (
    <section aria-label="Summary" className={styles.container}>
      <Button
        appearance="subtle"
        size="small"
        aria-expanded
        aria-label="Hide summary"
        icon={<ChevronUpRegular />}
        className={styles.fold}
        onClick={() => setFolded(true)}
      />
      <div className={styles.card}>
        <Part heading={`People by result${soFar}`}>
          <OutcomeChart statistics={statistics} />
        </Part>
        <Part heading={`Totals${soFar}`} className={styles.totals}>
          <Totals statistics={statistics} />
        </Part>
        <Part heading={`People with the most failed devices${soFar}`} className={styles.failures}>
          <div className={styles.rows}>
            {statistics.mostFailures.length === 0 ? (
              <Text className={styles.none}>{`No devices have failed${soFar}.`}</Text>
            ) : (
              <MostFailures states={statistics.mostFailures} onOpen={onOpen} />
            )}
          </div>
        </Part>
      </div>
    </section>
  );
}

interface PartProps {
  readonly heading: string;
  readonly className?: string;
  readonly children: ReactNode;
}

function Part({ heading, className, children }: PartProps) {
  return (
    <div className={className}>
      <Caption1Strong as="h2" block className={useStyles().heading}>
        {heading}
      </Caption1Strong>
      {children}
    </div>
  );
}
