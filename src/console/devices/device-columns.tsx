import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { createColumnHelper } from '@tanstack/react-table';
import { formatDate } from '../format.js';
import { Isolated } from '../isolated.js';
import { PersonLink } from '../links.js';
import type { DeviceRunState } from '../queries.js';
import { deviceNameOf, formatErrorCode, isFailed, messageOf, runStateText, systemOf } from '../run-state.js';
import { RunState } from '../run-state-badge.js';
import type { sortableFeatures } from '../sortable-table.js';

const helper = createColumnHelper<typeof sortableFeatures, DeviceRunState>();

const byText =
  (text: (state: DeviceRunState) => string) => (a: { original: DeviceRunState }, b: { original: DeviceRunState }) =>
    text(a.original).localeCompare(text(b.original), undefined, { numeric: true });
const byDate = (date: (state: DeviceRunState) => string | null | undefined) => {
  const time = (state: DeviceRunState) => Date.parse(date(state) ?? '') || 0;
  return (a: { original: DeviceRunState }, b: { original: DeviceRunState }) => time(a.original) - time(b.original);
};

const device = helper.accessor(deviceNameOf, {
  id: 'device',
  header: 'Device',
  sortFn: byText(deviceNameOf),
  cell: ({ row: { original } }) => <Device state={original} />,
});
const person = helper.accessor((state) => state.device?.userPrincipalName ?? '', {
  id: 'person',
  header: 'Person',
  sortFn: byText((state) => state.device?.userPrincipalName ?? '\uffff'),
  cell: ({ row: { original } }) => <Person state={original} />,
});
const checkIn = helper.accessor((state) => state.device?.lastSyncDateTime ?? null, {
  id: 'checkIn',
  sortDescFirst: true,
  header: 'Last check-in',
  sortFn: byDate((state) => state.device?.lastSyncDateTime),
  cell: ({ getValue }) => formatDate(getValue()),
  meta: { isShort: true },
});
const updated = helper.accessor('lastStateUpdateDateTime', {
  id: 'updated',
  sortDescFirst: true,
  header: 'Last result',
  sortFn: byDate((state) => state.lastStateUpdateDateTime),
  cell: ({ getValue }) => formatDate(getValue()),
  meta: { isShort: true },
});

/** The columns of all devices of a script. */
export const deviceColumns = helper.columns([
  device,
  person,
  helper.accessor('runState', {
    id: 'result',
    sortDescFirst: true,
    header: 'Result',
    // Failures are the highest, so that they come first in descending order.
    sortFn: (a, b) =>
      Number(isFailed(a.original)) - Number(isFailed(b.original)) ||
      runStateText(b.original.runState).localeCompare(runStateText(a.original.runState)) ||
      deviceNameOf(b.original).localeCompare(deviceNameOf(a.original), undefined, { numeric: true }),
    cell: ({ getValue }) => <RunState runState={getValue()} />,
  }),
  helper.accessor('errorCode', {
    id: 'code',
    sortDescFirst: true,
    header: 'Code',
    sortFn: (a, b) => (a.original.errorCode ?? 0) - (b.original.errorCode ?? 0),
    cell: ({ getValue }) => <Code code={getValue()} />,
    meta: { isShort: true },
  }),
  helper.accessor(messageOf, {
    id: 'message',
    header: 'Message',
    sortFn: byText(messageOf),
    cell: ({ getValue }) => <Isolated>{getValue() || '–'}</Isolated>,
  }),
  checkIn,
]);

/** The columns of the devices in a group of failures, which have their code and message in common. */
export const failedDeviceColumns = helper.columns([device, person, checkIn, updated]);

const useStyles = makeStyles({
  system: { color: tokens.colorNeutralForeground3 },
  // The id of a state is longer than any name.
  id: { display: 'inline-block', maxWidth: '240px', overflowWrap: 'anywhere', fontSize: tokens.fontSizeBase200 },
});

function Device({ state }: { readonly state: DeviceRunState }) {
  const styles = useStyles();
  const system = systemOf(state);
  return (
    <>
      <span className={state.device?.deviceName ? undefined : styles.id}>
        <Isolated>{deviceNameOf(state)}</Isolated>
      </span>
      {system !== '' && (
        <Caption1 block className={styles.system}>
          <Isolated>{system}</Isolated>
        </Caption1>
      )}
    </>
  );
}

function Person({ state: { device: owned } }: { readonly state: DeviceRunState }) {
  const name = owned?.userPrincipalName || owned?.userId;
  if (!name) return '–';
  const text = <Isolated>{name}</Isolated>;
  return owned?.userId ? <PersonLink userId={owned.userId}>{text}</PersonLink> : text;
}

function Code({ code }: { readonly code: number | null }) {
  return code === null ? '–' : <span title={String(code)}>{formatErrorCode(code)}</span>;
}
