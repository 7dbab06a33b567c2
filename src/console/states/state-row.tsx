import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { FlexRender, type Row } from '@tanstack/react-table';
import { memo } from 'react';
import { forcedColors } from '../breakpoint.js';
import { useGridStyles } from './grid-styles.js';
import type { tableFeatureSet } from './table-columns.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
  },
  selected: {
    backgroundColor: tokens.colorBrandBackground2,
    // Forced colors would remove the background.
    [forcedColors]: { outline: '2px solid Highlight', outlineOffset: '-2px' },
  },
});

interface StateRowProps {
  readonly row: Row<typeof tableFeatureSet, VisibleState>;
  /** The ids of the visible columns. A row of the table does not change with them. */
  readonly columns: string;
  readonly index: number;
  /** The offset from the first row, in pixels. */
  readonly top: number;
  /** In pixels. */
  readonly height: number;
  /** Undefined if rows cannot be selected. */
  readonly selected: boolean | undefined;
  /** Called with the id of the row when the focus enters it. */
  readonly onFocus: (id: string) => void;
}

/** One row of the state table. */
export const StateRow = memo(function StateRow({ row, index, top, height, selected, onFocus }: StateRowProps) {
  const styles = useStyles();
  const grid = useGridStyles();
  const cellStyles: Readonly<Record<string, string>> = grid;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={mergeClasses(grid.row, styles.row, selected && styles.selected)}
      style={{ height, transform: `translateY(${top}px)` }}
      onFocus={() => onFocus(row.id)}
    >
      {row.getVisibleCells().map((cell) => (
        <div key={cell.id} role="gridcell" className={cellStyles[cell.column.id]}>
          <FlexRender cell={cell} />
        </div>
      ))}
    </div>
  );
});
