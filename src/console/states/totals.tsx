import { Caption1, makeStyles, Text, tokens } from '@fluentui/react-components';
import { formatNumber, formatShort } from '../format.js';
import { visuallyHidden } from '../visually-hidden.js';
import type { Statistics } from './statistics.js';

/** Applies where the summary is too narrow for three columns: the totals become one line above the others. */
export const narrowSummary = '@container (max-width: 619px)';

const useStyles = makeStyles({
  totals: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXS,
    margin: 0,
    minWidth: '104px',
    [narrowSummary]: { flexDirection: 'row', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalXL },
  },
  // The term precedes the number in the document, for screen readers, and follows it on screen.
  total: {
    display: 'flex',
    flexDirection: 'column-reverse',
    [narrowSummary]: {
      flexDirection: 'row-reverse',
      justifyContent: 'flex-end',
      alignItems: 'baseline',
      gap: tokens.spacingHorizontalXS,
    },
  },
  term: { color: tokens.colorNeutralForeground3 },
  number: { position: 'relative', margin: 0, fontVariantNumeric: 'tabular-nums' },
  hidden: visuallyHidden,
});

/** The numbers of people and of devices with each result. */
export function Totals({ statistics }: { readonly statistics: Statistics }) {
  return (
    <dl className={useStyles().totals}>
      <Total name="People" count={statistics.people} />
      <Total name="Devices succeeded" count={statistics.devicesSucceeded} />
      <Total name="Devices failed" count={statistics.devicesFailed} />
    </dl>
  );
}

function Total({ name, count }: { readonly name: string; readonly count: number }) {
  const styles = useStyles();
  return (
    <div className={styles.total}>
      <dt>
        <Caption1 block className={styles.term}>
          {name}
        </Caption1>
      </dt>
      <dd className={styles.number} title={formatNumber(count)}>
        <Text block size={500} weight="semibold">
          {formatShort(count)}
          {formatShort(count) !== formatNumber(count) && (
            <span className={styles.hidden}>{` (${formatNumber(count)})`}</span>
          )}
        </Text>
      </dd>
    </div>
  );
}
