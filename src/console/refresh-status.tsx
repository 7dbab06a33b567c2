import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ArrowSyncRegular } from '@fluentui/react-icons';
import { formatTime } from './format.js';

const useStyles = makeStyles({
  status: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, marginLeft: 'auto' },
  refreshed: { color: tokens.colorNeutralForeground3 },
});

interface RefreshStatusProps {
  /** When the data were fetched. Undefined until the first page has been. */
  readonly asOf: Date | undefined;
  readonly fetching: boolean;
  readonly onRefresh: () => void;
}

/** When the data were refreshed, and the button that refreshes them. */
export function RefreshStatus({ asOf, fetching, onRefresh }: RefreshStatusProps) {
  const styles = useStyles();
  return (
    <div className={styles.status}>
      {asOf !== undefined && (
        <Text size={200} className={styles.refreshed}>{`Last refreshed at ${formatTime(asOf)}`}</Text>
      )}
      <Button icon={<ArrowSyncRegular />} onClick={onRefresh} disabledFocusable={fetching}>
        Refresh
      </Button>
    </div>
  );
}
