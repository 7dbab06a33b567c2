import { makeStyles, tokens } from '@fluentui/react-components';
import { createColumnHelper } from '@tanstack/react-table';
import { formatDay, formatNumber, formatShare, formatShort } from '../format.js';
import { Isolated } from '../isolated.js';
import { ScriptLink } from '../links.js';
import { scriptKindTexts } from '../script-kinds.js';
import { scriptName } from '../script-name.js';
import type { sortableFeatures } from '../sortable-table.js';
import type { OverviewColumn } from './overview-search.js';
import { deviceFailureRate, type OverviewScript } from './script-outcome.js';

const helper = createColumnHelper<typeof sortableFeatures, OverviewScript>();

const nameOrder = (a: OverviewScript, b: OverviewScript) => scriptName(a).localeCompare(scriptName(b));

/** A column of numbers. What is not known is neither zero nor sorted as such. */
const count = (
  id: OverviewColumn,
  header: string,
  field: keyof NonNullable<OverviewScript['summary']>,
  isSecondary = false,
) =>
  helper.accessor(({ summary }) => summary?.[field], {
    id,
    header,
    sortUndefined: 'last',
    sortFn: (a, b, column) =>
      a.getValue<number>(column) - b.getValue<number>(column) || nameOrder(b.original, a.original),
    cell: ({ getValue }) => {
      const value = getValue();
      return value === undefined ? <NotKnown /> : <span title={formatNumber(value)}>{formatShort(value)}</span>;
    },
    sortDescFirst: true,
    meta: { isNumber: true, isSecondary },
  });

/** The columns of the table of scripts. */
export const overviewColumnDefs = helper.columns([
  helper.accessor(scriptName, {
    id: 'script' satisfies OverviewColumn,
    header: 'Script',
    sortFn: (a, b) => nameOrder(a.original, b.original),
    cell: ({ row: { original } }) => (
      <ScriptLink script={{ scriptKind: original.scriptKind, scriptId: original.id }}>
        <Isolated>{scriptName(original)}</Isolated>
      </ScriptLink>
    ),
  }),
  helper.accessor(({ scriptKind }) => scriptKindTexts[scriptKind].name, {
    id: 'kind' satisfies OverviewColumn,
    header: 'Kind',
    sortFn: (a, b) =>
      scriptKindTexts[a.original.scriptKind].name.localeCompare(scriptKindTexts[b.original.scriptKind].name) ||
      nameOrder(a.original, b.original),
    meta: { isSecondary: true },
  }),
  count('peopleFailed', 'People failed', 'errorUserCount'),
  count('devicesFailed', 'Devices failed', 'errorDeviceCount'),
  helper.accessor(deviceFailureRate, {
    id: 'failureRate' satisfies OverviewColumn,
    header: 'Failure rate',
    sortUndefined: 'last',
    sortFn: (a, b, column) =>
      a.getValue<number>(column) - b.getValue<number>(column) || nameOrder(b.original, a.original),
    cell: ({ row: { original } }) =>
      original.summary === null ? (
        <NotKnown />
      ) : deviceFailureRate(original) === undefined ? (
        'No results'
      ) : (
        formatShare(
          original.summary.errorDeviceCount,
          original.summary.errorDeviceCount + original.summary.successDeviceCount,
        )
      ),
    sortDescFirst: true,
    meta: { isNumber: true },
  }),
  count('peopleSucceeded', 'People succeeded', 'successUserCount', true),
  count('devicesSucceeded', 'Devices succeeded', 'successDeviceCount', true),
  helper.accessor(({ lastModifiedDateTime }) => lastModifiedDateTime ?? undefined, {
    id: 'changed' satisfies OverviewColumn,
    header: 'Last change',
    sortUndefined: 'last',
    sortFn: (a, b, column) => Date.parse(a.getValue<string>(column)) - Date.parse(b.getValue<string>(column)),
    sortDescFirst: true,
    cell: ({ getValue }) => formatDay(getValue() ?? null),
    meta: { isSecondary: true, isShort: true },
  }),
]);

const useStyles = makeStyles({ unknown: { color: tokens.colorNeutralForeground3 } });

/** Stands for a number that Graph has not sent. */
function NotKnown() {
  return <span className={useStyles().unknown}>Not known</span>;
}
