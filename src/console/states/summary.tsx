import { Caption1Strong, makeStyles, Text, tokens } from '@fluentui/react-components';
import { type ReactNode, useMemo } from 'react';
import { forcedColors } from '../breakpoint.js';
import { FoldingSummary } from '../folding-summary.js';
import type { ScriptUserState } from '../queries.js';
import { itemHeightPx, MostFailures } from './most-failures.js';
import { OutcomeChart, OutcomeLine } from './outcome-chart.js';
import { statisticsOf } from './statistics.js';
import { narrowSummary, Totals } from './totals.js';

/** The number of people in the list of those with the most failed devices. */
const topCount = 5;

const useStyles = makeStyles({
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
    [forcedColors]: { border: '1px solid CanvasText' },
  },
  heading: { margin: 0, marginBottom: tokens.spacingVerticalXS },
  totals: { [narrowSummary]: { order: -1, width: '100%' } },
  failures: { flex: '1 1 160px', minWidth: 0, maxWidth: '560px' },
  // A fixed height: the layout must not shift while pages arrive.
  rows: { minHeight: `${topCount * itemHeightPx}px` },
  none: { color: tokens.colorNeutralForeground3 },
});

interface SummaryProps {
  readonly states: readonly ScriptUserState[];
  /** Whether all pages have been fetched. */
  readonly complete: boolean;
  readonly onOpen: (stateId: string) => void;
}

/** The results of a script over all people. It can be folded into one line. */
export function Summary({ states, complete, onOpen }: SummaryProps) {
  const styles = useStyles();
  const statistics = useMemo(() => statisticsOf(states, topCount), [states]);
  const soFar = complete ? '' : ' so far';
  if (statistics.people === 0) return null;
  return (
    <FoldingSummary preference="summary" complete={complete} line={<OutcomeLine statistics={statistics} />}>
      {(id) => (
        <div id={id} className={styles.card}>
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
      )}
    </FoldingSummary>
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
