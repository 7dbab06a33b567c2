import { makeStyles, tokens } from '@fluentui/react-components';
import { forcedColors } from '../breakpoint.js';
import { formatShare } from '../format.js';
import type { ScriptUserState } from '../queries.js';
import { narrowGrid } from './grid-styles.js';
import { failureRate } from './visible-states.js';

const useStyles = makeStyles({
  rate: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, width: '100%' },
  bar: {
    display: 'flex',
    flexGrow: 1,
    maxWidth: '120px',
    [narrowGrid]: { display: 'none' },
    height: '8px',
    borderRadius: tokens.borderRadiusCircular,
    overflow: 'hidden',
    backgroundColor: tokens.colorNeutralBackground5,
    // Forced colors remove backgrounds: the share of failures is filled, the rest is empty.
    [forcedColors]: { outline: '1px solid CanvasText' },
  },
  failed: {
    minWidth: '2px',
    backgroundColor: tokens.colorStatusDangerForeground3,
    [forcedColors]: { forcedColorAdjust: 'none', backgroundColor: 'CanvasText' },
  },
  succeeded: { flexGrow: 1, backgroundColor: tokens.colorStatusSuccessForeground3 },
  text: {
    fontVariantNumeric: 'tabular-nums',
    width: '48px',
    textAlign: 'right',
    [narrowGrid]: { width: '100%', textAlign: 'inherit' },
  },
});

/** The share of devices on which the script failed, as a number and a bar. */
export function FailureRateBar({ state }: { readonly state: ScriptUserState }) {
  const styles = useStyles();
  const rate = failureRate(state);
  if (rate < 0) return <span>no result</span>;
  return (
    <span className={styles.rate}>
      <span className={styles.text}>
        {formatShare(state.errorDeviceCount, state.successDeviceCount + state.errorDeviceCount)}
      </span>
      <span className={styles.bar} aria-hidden>
        {rate > 0 && <span className={styles.failed} style={{ width: `${rate * 100}%` }} />}
        <span className={styles.succeeded} />
      </span>
    </span>
  );
}
