import { Button, Checkbox, makeStyles, tokens, useArrowNavigationGroup } from '@fluentui/react-components';
import { ArrowSortDownRegular, ArrowSortUpRegular } from '@fluentui/react-icons';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { narrowScreen } from '../breakpoint.js';
import { formatNumber } from '../format.js';
import { idKey } from '../ids.js';
import { type SortColumn, sortColumns, useUrlState } from '../url-state.js';
import { rowHeightPx, useGridStyles } from './grid-styles.js';
import { StateRow } from './state-row.js';
import type { VisibleState } from './visible-states.js';

const titles = {
  person: 'Person',
  succeeded: 'Succeeded',
  failed: 'Failed',
  failureRate: 'Failure rate',
} as const satisfies Record<SortColumn, string>;

const useStyles = makeStyles({
  scroll: {
    flexGrow: 1,
    minHeight: '240px',
    [narrowScreen]: { flexGrow: 0, maxHeight: '75vh' },
    overflow: 'auto',
    // Keeps focused rows clear of the sticky header.
    scrollPaddingTop: `${rowHeightPx}px`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  body: { position: 'relative' },
  sort: { minWidth: 0, paddingLeft: 0, paddingRight: 0, fontWeight: tokens.fontWeightSemibold },
  actions: { fontWeight: tokens.fontWeightSemibold },
});

interface StateTableProps {
  readonly states: readonly VisibleState[];
  readonly canWrite: boolean;
  /** The keys of the selected states' ids. */
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
  readonly onOpen: (state: VisibleState) => void;
  readonly onEdit: (state: VisibleState) => void;
}

const keyOf = (state: VisibleState | undefined) => state && idKey(state.id);

/** The user states as a virtualized grid. The arrow keys move through all rows, rendered or not. */
export function StateTable({ states, canWrite, selected, onSelect, onOpen, onEdit }: StateTableProps) {
  const styles = useStyles();
  const grid = useGridStyles();
  /** The key of the id of the state whose row has the focus. */
  const [focused, setFocused] = useState<string>();
  const scroll = useRef<HTMLDivElement>(null);
  const arrows = useArrowNavigationGroup({ axis: 'grid', memorizeCurrent: true });
  const [{ find, errors, sort, ascending }, setUrlState] = useUrlState();
  const rows = useVirtualizer({
    count: states.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => keyOf(states[index]) ?? index,
    overscan: 12,
    // The focused row stays rendered: removing it would lose the focus.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      const focusedIndex = focused === undefined ? -1 : states.findIndex((state) => keyOf(state) === focused);
      return focusedIndex < 0 || indexes.includes(focusedIndex)
        ? indexes
        : [...indexes, focusedIndex].toSorted((a, b) => a - b);
    },
  });

  // Scroll to the top when the filters or the sort order change.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these values only trigger the effect
  useEffect(() => {
    if (scroll.current) scroll.current.scrollTop = 0;
  }, [find, errors, sort, ascending]);

  const selectedCount = states.filter(({ id }) => selected.has(idKey(id))).length;
  const allSelected = selectedCount === states.length;
  const sortBy = (column: SortColumn) => {
    // The first click on a column sorts numbers in descending and names in ascending order.
    void setUrlState({ sort: column, ascending: column === sort ? !ascending : column === 'person' });
  };
  // States hidden by the filters keep their selection.
  const toggleAll = (on: boolean) => {
    const next = new Set(selected);
    for (const { id } of states) {
      if (on) next.add(idKey(id));
      else next.delete(idKey(id));
    }
    onSelect(next);
  };
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(idKey(id));
    else next.delete(idKey(id));
    onSelect(next);
  };

  return (
    <div ref={scroll} className={styles.scroll}>
      <div role="grid" aria-label="User states" aria-rowcount={states.length + 1} {...arrows}>
        <div role="row" aria-rowindex={1} className={`${grid.row} ${styles.header}`}>
          {canWrite && (
            <div role="columnheader" className={grid.select}>
              <Checkbox
                aria-label={`Select all ${formatNumber(states.length)} shown`}
                checked={allSelected || (selectedCount > 0 ? 'mixed' : false)}
                onChange={() => toggleAll(!allSelected)}
              />
            </div>
          )}
          {sortColumns.map((column) => (
            <div
              key={column}
              role="columnheader"
              className={grid[column]}
              aria-sort={column === sort ? (ascending ? 'ascending' : 'descending') : 'none'}
            >
              <Button
                appearance="transparent"
                className={styles.sort}
                iconPosition="after"
                icon={column === sort ? ascending ? <ArrowSortUpRegular /> : <ArrowSortDownRegular /> : null}
                onClick={() => sortBy(column)}
              >
                {titles[column]}
              </Button>
            </div>
          ))}
          {canWrite && (
            <div role="columnheader" className={`${grid.actions} ${styles.actions}`}>
              Actions
            </div>
          )}
        </div>
        <div
          role="rowgroup"
          className={styles.body}
          style={{ height: rows.getTotalSize() }}
          onBlur={() => setFocused(undefined)}
        >
          {rows.getVirtualItems().map(({ key, index, start }) => {
            const state = states[index];
            if (state === undefined) return null;
            return (
              <StateRow
                key={key}
                state={state}
                index={index}
                top={start}
                selected={selected.has(idKey(state.id))}
                onSelect={canWrite ? toggle : undefined}
                onOpen={onOpen}
                onEdit={canWrite ? onEdit : undefined}
                onFocus={setFocused}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
