import { makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { RetryNotice } from '../failure-notice.js';
import { type DeviceRunState, type ScriptRef, scriptDeviceStatesQuery } from '../queries.js';
import { RefreshStatus } from '../refresh-status.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useAllPages } from '../use-all-pages.js';

const useStyles = makeStyles({
  view: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
  },
  top: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  center: { margin: 'auto', padding: tokens.spacingHorizontalXXL },
});

interface DeviceListProps {
  readonly script: ScriptRef;
  /** A summary of the devices, and controls. */
  readonly controls: (states: readonly DeviceRunState[], complete: boolean) => ReactNode;
  readonly children: (states: readonly DeviceRunState[], complete: boolean) => ReactNode;
}

/** Loads the results of a script on all devices, for a view of them. */
export function DeviceList({ script, controls, children }: DeviceListProps) {
  const styles = useStyles();
  const list = useAllPages(scriptDeviceStatesQuery(script));
  const { items, unreadable, complete, fetching, asOf, failure, refresh } = list;
  return (
    <div className={styles.view}>
      {items !== undefined && (
        <div className={styles.top}>
          {controls(items, complete)}
          {fetching && <Spinner size="extra-tiny" aria-label="Loading" />}
          <RefreshStatus asOf={asOf} fetching={fetching} onRefresh={refresh} />
        </div>
      )}
      <RetryNotice failure={failure} onRetry={refresh} />
      <UnreadableNotice count={unreadable} />
      {items === undefined && failure === undefined && <Spinner className={styles.center} label="Loading devices" />}
      {items !== undefined && items.length === 0 && complete && unreadable === 0 && (
        <Text className={styles.center}>No devices have reported yet.</Text>
      )}
      {items !== undefined && items.length > 0 && children(items, complete)}
    </div>
  );
}
