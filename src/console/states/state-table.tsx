import { makeStyles, mergeClasses, tokens, useArrowNavigationGroup } from '@fluentui/react-components';
import { type RowSelectionState, useTable } from '@tanstack/react-table';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type Dispatch, memo, type SetStateAction, useEffect, useMemo, useRef, useState } from 'react';
import { lowScreen, narrowScreen, phoneScreen } from '../breakpoint.js';
import { idKey } from '../ids.js';
import { useMediaQuery } from '../media-query.js';
import type { SortColumn } from '../url-state.js';
import { ColumnHeader } from './column-header.js';
import { rowHeightsPx, useGridStyles } from './grid-styles.js';
import { StateRow } from './state-row.js';
import { tableColumns, tableFeatureSet } from './table-columns.js';
import { useGridKeys } from './use-grid-keys.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  scroll: {
    flexGrow: 1,
    minHeight: '240px',
    [narrowScreen]: { flexGrow: 0, maxHeight: '75vh' },
    overflow: 'auto',
    containerType: 'inline-size',
    // Keeps focused rows clear of the sticky header.
    scrollPaddingTop: `${rowHeightsPx.regular}px`,
    [phoneScreen]: { scrollPaddingTop: `${rowHeightsPx.phone}px` },
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
    fontWeight: tokens.fontWeightSemibold,
  },
  body: { position: 'relative' },
});

interface StateTableProps {
  /** Sorted and filtered. */
  readonly states: readonly VisibleState[];
  readonly canWrite: boolean;
  /** The columns that the user has hidden. */
  readonly hiddenColumns: ReadonlySet<string>;
  readonly sort: SortColumn;
  readonly ascending: boolean;
  readonly onSort: (column: SortColumn, ascending: boolean) => void;
  /** By the keys of the states' ids. States that are not shown keep their selection. */
  readonly selection: RowSelectionState;
  readonly onSelect: Dispatch<SetStateAction<RowSelectionState>>;
  readonly onOpen: (state: VisibleState) => void;
  readonly onEdit: (state: VisibleState) => void;
  /** The table scrolls to its top when this changes, and when the order does. */
  readonly filterKey: string;
}

/** The user states as a virtualized grid. The keys move the focus through all rows, rendered or not. */
export const StateTable = memo(function StateTable(props: StateTableProps) {
  const { states, canWrite, hiddenColumns, sort, ascending, selection, onSelect, onOpen, onEdit, filterKey } = props;
  const styles = useStyles();
  const gridStyles = useGridStyles();
  const isPhone = useMediaQuery(phoneScreen);
  const isLow = useMediaQuery(lowScreen);
  const height = rowHeightsPx[isPhone ? 'phone' : isLow ? 'low' : 'regular'];
  const columnVisibility = useMemo(
    () => ({ ...Object.fromEntries([...hiddenColumns].map((id) => [id, false])), select: canWrite, actions: canWrite }),
    [hiddenColumns, canWrite],
  );
  const meta = useMemo(() => ({ onOpen, onEdit }), [onOpen, onEdit]);
  const table = useTable({
    features: tableFeatureSet,
    columns: tableColumns,
    data: states,
    getRowId: ({ id }) => idKey(id),
    state: { columnVisibility, rowSelection: selection },
    onRowSelectionChange: onSelect,
    meta,
  });
  const { rows } = table.getRowModel();
  const columns = table
    .getVisibleLeafColumns()
    .map(({ id }) => id)
    .join(' ');

  /** The id of the row that has the focus, or is about to have it. */
  const [focused, setFocused] = useState<string>();
  const scroll = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    // The focused row stays rendered: removing it would lose the focus.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      const focusedIndex = focused === undefined ? -1 : rows.findIndex(({ id }) => id === focused);
      return focusedIndex < 0 || indexes.includes(focusedIndex)
        ? indexes
        : [...indexes, focusedIndex].toSorted((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer keeps the sizes that it has measured
  useEffect(() => virtualizer.measure(), [virtualizer, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: these values only trigger the effect
  useEffect(() => {
    if (scroll.current) scroll.current.scrollTop = 0;
  }, [sort, ascending, filterKey]);

  const onKeyDown = useGridKeys({
    grid: scroll,
    rowCount: rows.length,
    // The header covers the first row of a page, and the last one stays visible.
    pageSize: () => Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / height) - 2),
    onRender: (index) => setFocused(rows[index]?.id),
  });
  const arrows = useArrowNavigationGroup({
    axis: 'grid',
    memorizeCurrent: true,
    ignoreDefaultKeydown: { PageDown: true, PageUp: true },
  });

  return (
    <div ref={scroll} className={styles.scroll}>
      <div
        role="grid"
        aria-label="User states"
        aria-rowcount={rows.length + 1}
        aria-multiselectable={canWrite}
        onKeyDown={onKeyDown}
        {...arrows}
      >
        {table.getHeaderGroups().map((group) => (
          <div
            key={group.id}
            role="row"
            aria-rowindex={1}
            className={mergeClasses(gridStyles.row, styles.header)}
            style={{ height }}
          >
            {group.headers.map((header) => (
              <ColumnHeader key={header.id} header={header} sort={sort} ascending={ascending} onSort={props.onSort} />
            ))}
          </div>
        ))}
        <div
          role="rowgroup"
          className={styles.body}
          style={{ height: virtualizer.getTotalSize() }}
          onBlur={() => setFocused(undefined)}
        >
          {virtualizer.getVirtualItems().map(({ key, index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <StateRow
                key={key}
                row={row}
                columns={columns}
                index={index}
                top={start}
                height={height}
                selected={canWrite ? row.getIsSelected() : undefined}
                onFocus={setFocused}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
});
