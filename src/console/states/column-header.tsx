import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { ArrowSortDownRegular, ArrowSortUpRegular } from '@fluentui/react-icons';
import { FlexRender, type Header } from '@tanstack/react-table';
import { phoneScreen } from '../breakpoint.js';
import { type SortColumn, sortColumns } from '../url-state.js';
import { useGridStyles } from './grid-styles.js';
import type { tableFeatureSet } from './table-columns.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  sort: {
    minWidth: 0,
    maxWidth: '100%',
    paddingLeft: 0,
    paddingRight: 0,
    fontWeight: tokens.fontWeightSemibold,
    [phoneScreen]: { fontSize: tokens.fontSizeBase200 },
  },
});

const isSortColumn = (id: string): id is SortColumn => sortColumns.some((column) => column === id);

interface ColumnHeaderProps {
  readonly sort: SortColumn;
  readonly ascending: boolean;
  readonly onSort: (column: SortColumn, ascending: boolean) => void;
  readonly header: Header<typeof tableFeatureSet, VisibleState>;
}

/** The title of a column. That of a column to sort by is a button. */
export function ColumnHeader({ header, sort, ascending, onSort }: ColumnHeaderProps) {
  const styles = useStyles();
  const gridStyles: Readonly<Record<string, string>> = useGridStyles();
  const { id } = header.column;
  const className = gridStyles[id];
  if (!isSortColumn(id)) {
    return (
      <div role="columnheader" className={className}>
        <FlexRender header={header} />
      </div>
    );
  }
  const isSorted = id === sort;
  return (
    <div
      role="columnheader"
      className={className}
      aria-sort={isSorted ? (ascending ? 'ascending' : 'descending') : 'none'}
    >
      <Button
        appearance="transparent"
        className={styles.sort}
        iconPosition="after"
        icon={isSorted ? ascending ? <ArrowSortUpRegular /> : <ArrowSortDownRegular /> : null}
        // The first click on a column sorts numbers in descending and names in ascending order.
        onClick={() => onSort(id, isSorted ? !ascending : id === 'person')}
      >
        <FlexRender header={header} />
      </Button>
    </div>
  );
}
