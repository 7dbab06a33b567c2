import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Spinner,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { FailureNotice } from '../failure-notice.js';
import { formatDate } from '../format.js';
import { idKey, userIdOf } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import { PersonLink } from '../links.js';
import { deviceRunStatesQuery, type StateRef } from '../queries.js';
import { RunState } from '../run-state.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useAllPages } from '../use-all-pages.js';
import { DeviceCell } from './device-cell.js';

const useStyles = makeStyles({
  panel: { width: 'min(720px, 100vw)' },
  device: { width: '28%' },
  result: { width: '15%' },
  message: { overflowWrap: 'anywhere' },
  code: { fontFamily: tokens.fontFamilyMonospace },
  table: { marginTop: tokens.spacingVerticalM },
});

interface DevicePanelProps {
  readonly state: StateRef;
  readonly name: string;
  readonly onClose: () => void;
}

/** The results of the script on each device of one person. */
export function DevicePanel({ state, name, onClose }: DevicePanelProps) {
  const styles = useStyles();
  const { items, unreadable, complete, failure, refresh } = useAllPages(deviceRunStatesQuery(state));
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
          className={styles.message}
          action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />}
        >
          <Isolated>{name}</Isolated>
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody tabIndex={0}>
        {userId !== undefined && <PersonLink userId={userId}>All scripts of this person</PersonLink>}
        {failure !== undefined && (
          <FailureNotice failure={failure}>
            <Button onClick={refresh}>Try again</Button>
          </FailureNotice>
        )}
        <UnreadableNotice count={unreadable} />
        {items === undefined && failure === undefined && <Spinner label="Loading devices" />}
        {items?.length === 0 && unreadable === 0 && complete && <Text>No devices have reported yet.</Text>}
        {items !== undefined && items.length > 0 && (
          <Table aria-label={`Devices of ${visibleText(name)}`} size="small" className={styles.table}>
            <TableHeader>
              <TableRow>
                <TableHeaderCell className={styles.device}>Device</TableHeaderCell>
                <TableHeaderCell className={styles.result}>Result</TableHeaderCell>
                <TableHeaderCell>Message</TableHeaderCell>
                <TableHeaderCell className={styles.result}>Code</TableHeaderCell>
                <TableHeaderCell>Last updated</TableHeaderCell>
              </TableRow>
            </TableHeader>
            <TableBody>
              {items.map((device) => (
                <TableRow key={idKey(device.id)}>
                  <TableCell className={styles.device}>
                    <DeviceCell state={device} />
                  </TableCell>
                  <TableCell>
                    <RunState runState={device.runState} />
                  </TableCell>
                  <TableCell className={styles.message}>
                    <Isolated>
                      {[device.errorDescription, device.resultMessage].filter(Boolean).join(': ') || '–'}
                    </Isolated>
                  </TableCell>
                  <TableCell className={styles.code}>{device.errorCode ?? '–'}</TableCell>
                  <TableCell>{formatDate(device.lastStateUpdateDateTime)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </DrawerBody>
    </OverlayDrawer>
  );
}
