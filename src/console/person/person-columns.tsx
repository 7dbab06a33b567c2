import { createColumnHelper } from '@tanstack/react-table';
import { formatDate, formatNumber, formatShare } from '../format.js';
import { Isolated } from '../isolated.js';
import { ScriptLink } from '../links.js';
import type { PersonState } from '../queries.js';
import { scriptKindTexts } from '../script-kinds.js';
import type { sortableFeatures } from '../sortable-table.js';
import type { PersonDevice } from './use-devices.js';

const helper = createColumnHelper<typeof sortableFeatures, PersonState>();

const nameOf = ({ scriptName, scriptId }: PersonState) => scriptName ?? scriptId;
const byName = (a: PersonState, b: PersonState) => nameOf(a).localeCompare(nameOf(b));

/** The columns of a person's scripts. */
export const personColumns = helper.columns([
  helper.accessor(nameOf, {
    id: 'script',
    header: 'Script',
    sortFn: (a, b) => byName(a.original, b.original),
    cell: ({ row: { original } }) => (
      <ScriptLink script={original} state={original.id}>
        <Isolated>{nameOf(original)}</Isolated>
      </ScriptLink>
    ),
  }),
  helper.accessor(({ scriptKind }) => scriptKindTexts[scriptKind].name, {
    id: 'kind',
    header: 'Kind',
    sortFn: (a, b) =>
      scriptKindTexts[a.original.scriptKind].name.localeCompare(scriptKindTexts[b.original.scriptKind].name) ||
      byName(a.original, b.original),
  }),
  helper.accessor('errorDeviceCount', {
    id: 'failed',
    sortDescFirst: true,
    meta: { isNumber: true },
    header: 'Devices failed',
    sortFn: (a, b) => a.original.errorDeviceCount - b.original.errorDeviceCount || byName(b.original, a.original),
    cell: ({ getValue }) => formatNumber(getValue()),
  }),
  helper.accessor('successDeviceCount', {
    id: 'succeeded',
    sortDescFirst: true,
    meta: { isNumber: true },
    header: 'Devices succeeded',
    sortFn: (a, b) => a.original.successDeviceCount - b.original.successDeviceCount || byName(b.original, a.original),
    cell: ({ getValue }) => formatNumber(getValue()),
  }),
  helper.accessor(failureRate, {
    id: 'failureRate',
    sortDescFirst: true,
    meta: { isNumber: true },
    header: 'Failure rate',
    sortFn: (a, b) => failureRate(a.original) - failureRate(b.original) || byName(b.original, a.original),
    cell: ({ row: { original: state } }) =>
      failureRate(state) < 0
        ? 'No results'
        : formatShare(state.errorDeviceCount, state.errorDeviceCount + state.successDeviceCount),
  }),
]);

/** The share of the devices on which the script failed, 0 to 1; -1 if no device has reported. */
function failureRate({ errorDeviceCount, successDeviceCount }: PersonState): number {
  const total = errorDeviceCount + successDeviceCount;
  return total > 0 ? errorDeviceCount / total : -1;
}

const deviceHelper = createColumnHelper<typeof sortableFeatures, PersonDevice>();
const byDeviceName = (a: PersonDevice, b: PersonDevice) => a.name.localeCompare(b.name, undefined, { numeric: true });

/** The columns of a person's devices. */
export const personDeviceColumns = deviceHelper.columns([
  deviceHelper.accessor('name', {
    id: 'device',
    header: 'Device',
    sortFn: (a, b) => byDeviceName(a.original, b.original),
    cell: ({ getValue }) => <Isolated>{getValue()}</Isolated>,
  }),
  deviceHelper.accessor('system', {
    id: 'system',
    header: 'System',
    sortFn: (a, b) => a.original.system.localeCompare(b.original.system, undefined, { numeric: true }),
    cell: ({ getValue }) => <Isolated>{getValue() || '–'}</Isolated>,
  }),
  deviceHelper.accessor('lastSyncDateTime', {
    id: 'checkIn',
    header: 'Last check-in',
    sortDescFirst: true,
    sortFn: (a, b) => Date.parse(a.original.lastSyncDateTime ?? '0') - Date.parse(b.original.lastSyncDateTime ?? '0'),
    cell: ({ getValue }) => formatDate(getValue()),
    meta: { isShort: true },
  }),
  deviceHelper.accessor('failed', {
    id: 'failed',
    header: 'Scripts failed',
    sortDescFirst: true,
    sortFn: (a, b) => a.original.failed - b.original.failed || byDeviceName(b.original, a.original),
    cell: ({ getValue }) => formatNumber(getValue()),
    meta: { isNumber: true },
  }),
  deviceHelper.accessor('succeeded', {
    id: 'succeeded',
    header: 'Scripts succeeded',
    sortDescFirst: true,
    sortFn: (a, b) => a.original.succeeded - b.original.succeeded || byDeviceName(b.original, a.original),
    cell: ({ getValue }) => formatNumber(getValue()),
    meta: { isNumber: true },
  }),
]);
