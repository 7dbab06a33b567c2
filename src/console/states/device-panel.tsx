import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  mergeClasses,
  OverlayDrawer,
  Spinner,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { Announcement } from '../announcement.js';
import { RetryNotice } from '../failure-notice.js';
import { formatDate, pluralize } from '../format.js';
import { idKey, userIdOf } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import { PersonLink } from '../links.js';
import { type DeviceRunState, deviceRunStatesQuery, type StateRef } from '../queries.js';
import { deviceNameOf, formatErrorCode, messageOf, systemOf } from '../run-state.js';
import { RunState } from '../run-state-badge.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useAllPages } from '../use-all-pages.js';
import { useDeviceStyles } from './device-styles.js';

const useStyles = makeStyles({
  panel: { width: 'min(960px, 100vw)' },
  title: { overflowWrap: 'anywhere' },
});

interface DevicePanelProps {
  readonly state: StateRef;
  readonly name: string;
  readonly onClose: () => void;
}

/** The results of the script on each device of one person. */
export function DevicePanel({ state, name, onClose }: DevicePanelProps) {
  const styles = useStyles();
  const { items, unreadable, complete, fetching, failure, refresh } = useAllPages(deviceRunStatesQuery(state));
  const count = pluralize(items?.length ?? 0, 'device', 'devices');
  const userId = userIdOf(state.userStateId);
  return (
    <OverlayDrawer
      open
      position="end"
      className={styles.panel}
      aria-label={`Devices of ${visibleText(name)}`}
      onOpenChange={(_event, { open }) => open || onClose()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          className={styles.title}
          action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />}
        >
          <Isolated>{name}</Isolated>
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody tabIndex={0}>
        {userId !== undefined && (
          <div>
            <PersonLink userId={userId}>All scripts of this person</PersonLink>
          </div>
        )}
        <RetryNotice failure={failure} onRetry={refresh} />
        <UnreadableNotice count={unreadable} />
        {items === undefined && failure === undefined && <Spinner label="Loading devices" />}
        {items?.length === 0 && unreadable === 0 && complete && <Text>No devices have reported yet.</Text>}
        {items !== undefined && items.length > 0 && (
          <>
            <Text size={200} block>{`${count}${complete ? '' : ' so far'}`}</Text>
            <DeviceTable devices={items} label={`Devices of ${visibleText(name)}`} />
          </>
        )}
        <Announcement text={complete ? count : `Loading devices: ${count} so far`} inProgress={fetching} />
      </DrawerBody>
    </OverlayDrawer>
  );
}

interface DeviceTableProps {
  readonly devices: readonly DeviceRunState[];
  readonly label: string;
}

/** One row for each device. Its cells are below each other where the panel is narrow; the table keeps its roles. */
function DeviceTable({ devices, label }: DeviceTableProps) {
  const styles = useDeviceStyles();
  return (
    <Table aria-label={label} size="small" noNativeElements className={styles.table}>
      <TableHeader className={styles.header}>
        <TableRow className={styles.row}>
          <TableHeaderCell className={styles.name}>Device</TableHeaderCell>
          <TableHeaderCell className={styles.system}>System</TableHeaderCell>
          <TableHeaderCell className={styles.date}>Last check-in</TableHeaderCell>
          <TableHeaderCell className={styles.result}>Result</TableHeaderCell>
          <TableHeaderCell className={styles.message}>Message</TableHeaderCell>
          <TableHeaderCell className={styles.code}>Code</TableHeaderCell>
          <TableHeaderCell className={styles.date}>Last result</TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {devices.map((each) => (
          <DeviceRow key={idKey(each.id)} state={each} />
        ))}
      </TableBody>
    </Table>
  );
}

function DeviceRow({ state }: { readonly state: DeviceRunState }) {
  const styles = useDeviceStyles();
  const { device, errorCode, lastStateUpdateDateTime } = state;
  return (
    <TableRow className={styles.row}>
      {/* Graph does not always have the device: then the id of the state stands for its name. */}
      <TableCell className={mergeClasses(styles.name, !device?.deviceName && styles.id)}>
        <Isolated>{deviceNameOf(state)}</Isolated>
      </TableCell>
      <TableCell className={styles.system}>
        <Isolated>{systemOf(state) || '–'}</Isolated>
      </TableCell>
      <TableCell className={styles.date}>
        <span aria-hidden className={styles.label}>
          Last check-in:{' '}
        </span>
        {formatDate(device?.lastSyncDateTime ?? null)}
      </TableCell>
      <TableCell className={styles.result}>
        <RunState runState={state.runState} />
      </TableCell>
      <TableCell className={styles.message}>
        <Isolated>{messageOf(state) || '–'}</Isolated>
      </TableCell>
      <TableCell className={styles.code}>
        <span aria-hidden className={styles.label}>
          Code:{' '}
        </span>
        <span className={styles.number}>{errorCode === null ? '–' : formatErrorCode(errorCode)}</span>
      </TableCell>
      <TableCell className={styles.date}>
        <span aria-hidden className={styles.label}>
          Last result:{' '}
        </span>
        {formatDate(lastStateUpdateDateTime)}
      </TableCell>
    </TableRow>
  );
}
