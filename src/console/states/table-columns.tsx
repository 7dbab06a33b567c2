import {
  columnVisibilityFeature,
  createColumnHelper,
  metaHelper,
  rowSelectionFeature,
  tableFeatures,
} from '@tanstack/react-table';
import { displayName } from '../display-name.js';
import { formatNumber } from '../format.js';
import { FailureRateBar } from './failure-rate-bar.js';
import { EditCell, FailedCell, IdCell, PersonCell, SelectAll, SelectCell } from './state-cells.js';
import { failureRate, type VisibleState } from './visible-states.js';

/** What the cells of a table call. */
interface TableMeta {
  readonly onOpen: (state: VisibleState) => void;
  readonly onEdit: (state: VisibleState) => void;
}

/**
 * The features of the table. Sorting and filtering are not among them: React renders a search in the background and can
 * drop it, so that both are pure functions of what is rendered, in `visible-states.ts`.
 */
export const tableFeatureSet = tableFeatures({
  columnVisibilityFeature,
  rowSelectionFeature,
  tableMeta: metaHelper<TableMeta>(),
});

const column = createColumnHelper<typeof tableFeatureSet, VisibleState>();

/** The columns of the table. Their widths are in `grid-styles.ts`, and the ids of those to sort by in `url-state.ts`. */
export const tableColumns = column.columns([
  column.display({
    id: 'select',
    enableHiding: false,
    header: ({ table }) => (
      <SelectAll
        shown={table.getRowModel().rows.length}
        selected={table.getSelectedRowModel().rows.length}
        onToggle={(on) => table.toggleAllRowsSelected(on)}
      />
    ),
    cell: ({ row }) => (
      <SelectCell state={row.original} selected={row.getIsSelected()} onToggle={row.getToggleSelectedHandler()} />
    ),
  }),
  column.accessor(displayName, {
    id: 'person',
    enableHiding: false,
    header: 'Person',
    cell: ({ row, table }) => <PersonCell state={row.original} onOpen={(state) => table.options.meta?.onOpen(state)} />,
  }),
  column.accessor('successDeviceCount', {
    id: 'succeeded',
    header: 'Succeeded',
    cell: ({ getValue }) => formatNumber(getValue()),
  }),
  column.accessor('errorDeviceCount', {
    id: 'failed',
    header: 'Failed',
    cell: ({ row }) => <FailedCell state={row.original} />,
  }),
  column.accessor(failureRate, {
    id: 'failureRate',
    header: 'Failure rate',
    cell: ({ row }) => <FailureRateBar state={row.original} />,
  }),
  column.accessor('id', {
    id: 'userStateId',
    header: 'State ID',
    cell: ({ row }) => <IdCell state={row.original} />,
  }),
  column.display({
    id: 'actions',
    enableHiding: false,
    header: 'Actions',
    cell: ({ row, table }) => <EditCell state={row.original} onEdit={(state) => table.options.meta?.onEdit(state)} />,
  }),
]);

/** The columns that users can show and hide, with their titles. */
export const optionalColumns = [
  ['succeeded', 'Succeeded'],
  ['failed', 'Failed'],
  ['failureRate', 'Failure rate'],
  ['userStateId', 'State ID'],
] as const;
