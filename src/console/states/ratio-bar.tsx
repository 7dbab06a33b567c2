import { makeStyles, tokens } from '@fluentui/react-components';
import type { UserState } from '../queries.js';
import { failedShare } from './shown-states.js';
import { shareText } from './statistics.js';

const useStyles = makeStyles({
  ratio: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, width: '100%' },
  bar: {
    display: 'flex',
    flexGrow: 1,
    maxWidth: '120px',
    '@media (max-width: 800px)': { display: 'none' },
    height: '8px',
    borderRadius: tokens.borderRadiusCircular,
    overflow: 'hidden',
    backgroundColor: tokens.colorNeutralBackground5,
  },
  failed: { minWidth: '2px', backgroundColor: tokens.colorStatusDangerForeground3 },
  succeeded: { flexGrow: 1, backgroundColor: tokens.colorStatusSuccessForeground3 },
  text: { fontVariantNumeric: 'tabular-nums', width: '48px', textAlign: 'right' },
});

/** The part of the devices on which the script failed, as a number and as a bar. */
export function RatioBar({ state }: { readonly state: UserState }) {
  const styles = useStyles();
  const share = failedShare(state);
  if (share < 0) return <span>no result</span>;
  return (
    <span className={styles.ratio}>
      <span className={styles.text}>
        {shareText(state.errorDeviceCount, state.successDeviceCount + state.errorDeviceCount)}
      </span>
      <span className={styles.bar} aria-hidden>
        {share > 0 && <span className={styles.failed} style={{ width: `${share * 100}%` }} />}
        <span className={styles.succeeded} />
      </span>
    </span>
  );
}
