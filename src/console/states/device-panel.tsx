import {
  Badge,
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
import { useAllPages } from '../all-pages.js';
import { FailureNotice } from '../failure-notice.js';
import { type DeviceRunState, deviceRunStatesQuery, type Target } from '../queries.js';

const useStyles = makeStyles({
  panel: { width: 'min(720px, 100vw)' },
  message: { overflowWrap: 'anywhere' },
  code: { fontFamily: tokens.fontFamilyMonospace },
  table: { marginTop: tokens.spacingVerticalM },
});

interface DevicePanelProps {
  readonly target: Target;
  readonly name: string;
  readonly onClose: () => void;
}

/** How the script ran on each of one person's devices. */
export function DevicePanel({ target, name, onClose }: DevicePanelProps) {
  const styles = useStyles();
  const { items, complete, failure, refresh } = useAllPages(deviceRunStatesQuery(target));
  return (
    <OverlayDrawer
      open
      position="end"
      className={styles.panel}
      aria-label={`Devices of ${name}`}
      onOpenChange={(_event, { open }) => open || onClose()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          className={styles.message}
          action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />}
        >
          {name}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody tabIndex={0}>
        {failure !== undefined && (
          <FailureNotice failure={failure}>
            <Button onClick={refresh}>Try again</Button>
          </FailureNotice>
        )}
        {items === undefined && failure === undefined && <Spinner label="Fetching the devices" />}
        {items?.length === 0 && complete && <Text>No device has reported yet.</Text>}
        {items !== undefined && items.length > 0 && (
          <Table aria-label={`Devices of ${name}`} size="small" className={styles.table}>
            <TableHeader>
              <TableRow>
                <TableHeaderCell>Result</TableHeaderCell>
                <TableHeaderCell>Message</TableHeaderCell>
                <TableHeaderCell>Code</TableHeaderCell>
                <TableHeaderCell>When</TableHeaderCell>
              </TableRow>
            </TableHeader>
            <TableBody>
              {items.map((device) => (
                <TableRow key={device.id}>
                  <TableCell>
                    <RunState of={device} />
                  </TableCell>
                  <TableCell className={styles.message}>
                    {[device.errorDescription, device.resultMessage].filter(Boolean).join(': ') || '–'}
                  </TableCell>
                  <TableCell className={styles.code}>{device.errorCode ?? '–'}</TableCell>
                  <TableCell>{whenOf(device)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </DrawerBody>
    </OverlayDrawer>
  );
}

/** Graph's words, and how they are to be taken; new ones are shown as they are. */
const colors: Readonly<Record<string, 'success' | 'danger' | 'warning'>> = {
  success: 'success',
  fail: 'danger',
  scriptError: 'danger',
  pending: 'warning',
};

function RunState({ of: { runState } }: { readonly of: DeviceRunState }) {
  const text = (runState ?? 'unknown').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return (
    <Badge appearance="tint" color={colors[runState ?? ''] ?? 'subtle'}>
      {text}
    </Badge>
  );
}

function whenOf({ lastStateUpdateDateTime: when }: DeviceRunState): string {
  if (when === null || Number.isNaN(Date.parse(when))) return '–';
  return new Date(when).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
}
