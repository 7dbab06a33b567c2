import { Button, Checkbox, makeStyles, tokens, useArrowNavigationGroup } from '@fluentui/react-components';
import { ArrowSortDownRegular, ArrowSortUpRegular } from '@fluentui/react-icons';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { type Column, columns, useAddress } from '../url-state.js';
import { useGridStyles } from './grid-styles.js';
import type { ShownState } from './shown-states.js';
import { StateRow } from './state-row.js';

const rowHeight = 44;

const titles = {
  person: 'Person',
  succeeded: 'Succeeded',
  failed: 'Failed',
  share: 'Share failed',
} as const satisfies Record<Column, string>;

const useStyles = makeStyles({
  scroll: {
    flexGrow: 1,
    minHeight: '240px',
    '@media (max-width: 800px)': { flexGrow: 0, maxHeight: '75vh' },
    overflow: 'auto',
    // What gets the focus is not hidden by the head.
    scrollPaddingTop: '44px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  head: {
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
  readonly states: readonly ShownState[];
  readonly mayWrite: boolean;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
  readonly onOpen: (state: ShownState) => void;
  readonly onEdit: (state: ShownState) => void;
}

/** The user states as a grid. Only the rows in sight exist; the arrow keys go through all of them. */
export function StateTable({ states, mayWrite, selected, onSelect, onOpen, onEdit }: StateTableProps) {
  const styles = useStyles();
  const grid = useGridStyles();
  const [focused, setFocused] = useState<string>();
  const scroll = useRef<HTMLDivElement>(null);
  const arrows = useArrowNavigationGroup({ axis: 'grid', memorizeCurrent: true });
  const [{ find, errors, sort, ascending }, setAddress] = useAddress();
  const rows = useVirtualizer({
    count: states.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => states[index]?.id ?? index,
    overscan: 12,
    // The row that has the focus stays, or the focus would be lost with it.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      const kept = focused === undefined ? -1 : states.findIndex(({ id }) => id === focused);
      return kept < 0 || indexes.includes(kept) ? indexes : [...indexes, kept].toSorted((a, b) => a - b);
    },
  });

  // Another order or another choice begins at its top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are when, not what
  useEffect(() => {
    if (scroll.current) scroll.current.scrollTop = 0;
  }, [find, errors, sort, ascending]);

  const chosen = states.filter(({ id }) => selected.has(id)).length;
  const all = chosen === states.length;
  const sortBy = (column: Column) => {
    // What is sorted for the first time shows the greatest number, or the first name, on top.
    void setAddress({ sort: column, ascending: column === sort ? !ascending : column === 'person' });
  };
  // Whoever is selected and not shown stays selected.
  const toggleAll = (on: boolean) => {
    const next = new Set(selected);
    for (const { id } of states) {
      if (on) next.add(id);
      else next.delete(id);
    }
    onSelect(next);
  };
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(id);
    else next.delete(id);
    onSelect(next);
  };

  return (
    <div ref={scroll} className={styles.scroll}>
      <div role="grid" aria-label="User states" aria-rowcount={states.length + 1} {...arrows}>
        <div role="row" aria-rowindex={1} className={`${grid.row} ${styles.head}`}>
          {mayWrite && (
            <div role="columnheader" className={grid.select}>
              <Checkbox
                aria-label={`Select all ${states.length} shown`}
                checked={all || (chosen > 0 ? 'mixed' : false)}
                onChange={() => toggleAll(!all)}
              />
            </div>
          )}
          {columns.map((column) => (
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
          {mayWrite && (
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
                selected={selected.has(state.id)}
                onSelect={mayWrite ? toggle : undefined}
                onOpen={onOpen}
                onEdit={mayWrite ? onEdit : undefined}
                onFocus={setFocused}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
