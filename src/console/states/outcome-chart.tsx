import { Caption1, Caption1Strong, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { formatNumber, formatShare, formatShort } from '../format.js';
import { Donut } from './donut.js';
import { outcomeStyles, useOutcomeColors } from './outcome-styles.js';
import type { Statistics } from './statistics.js';

const useStyles = makeStyles({
  chart: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM },
  legend: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXS,
    width: '140px',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  line: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  entry: { display: 'flex', gap: tokens.spacingHorizontalXS },
  icon: { flexShrink: 0, fontSize: '16px' },
  text: { display: 'flex', flexDirection: 'column' },
  number: { fontVariantNumeric: 'tabular-nums' },
});

/** The number of people by outcome, as a donut with a legend. */
export function OutcomeChart({ statistics: { people, outcomes } }: { readonly statistics: Statistics }) {
  const styles = useStyles();
  const colors = useOutcomeColors();
  const succeeded = formatShare(outcomes.succeeded, people);
  return (
    <div className={styles.chart}>
      <Donut
        label={`All devices succeeded for ${succeeded} of the people`}
        number={succeeded}
        caption="succeeded"
        segments={outcomeStyles.map(({ outcome }) => ({
          key: outcome,
          count: outcomes[outcome],
          className: colors[outcome],
        }))}
      />
      <ul className={styles.legend}>
        {outcomeStyles.map(({ outcome, label, Icon }) => (
          <li key={outcome} className={styles.entry}>
            <Icon aria-hidden className={mergeClasses(styles.icon, colors[outcome])} />
            <span className={styles.text}>
              <Caption1>{label}</Caption1>
              <Caption1Strong className={styles.number}>
                {`${formatShort(outcomes[outcome])} (${formatShare(outcomes[outcome], people)})`}
              </Caption1Strong>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The number of people by outcome, in one line. */
export function OutcomeLine({ statistics: { outcomes } }: { readonly statistics: Statistics }) {
  const styles = useStyles();
  const colors = useOutcomeColors();
  return (
    <ul className={styles.line}>
      {outcomeStyles.map(({ outcome, label, Icon }) => (
        <li key={outcome} className={styles.entry}>
          <Icon aria-hidden className={mergeClasses(styles.icon, colors[outcome])} />
          <Caption1>{`${label}: `}</Caption1>
          <Caption1Strong className={styles.number}>{formatNumber(outcomes[outcome])}</Caption1Strong>
        </li>
      ))}
    </ul>
  );
}
