import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { ArrowSortDownRegular, ArrowSortUpRegular } from '@fluentui/react-icons';
import {
  type ColumnDef,
  createSortedRowModel,
  metaHelper,
  type RowData,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useDeferredValue, useState } from 'react';
import { forcedColors, lowScreen, narrowScreen } from './breakpoint.js';
import { formatNumber } from './format.js';

/** How many rows are rendered at first, and more at a time. */
const rowStep = 100;
/** The number of rows of the first paint. The others follow without delaying it. */
const firstRows = 25;

interface ColumnMeta {
  readonly isNumber?: boolean;
  /** Whether the texts are short and must not wrap. */
  readonly isShort?: boolean;
  /** Whether the column is left out on narrow screens. */
  readonly isSecondary?: boolean;
}

/** What a sortable table can do, for the definitions of its columns. */
export const sortableFeatures = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnMeta: metaHelper<ColumnMeta>(),
});

/** The column that a table is sorted by. */
export interface Sorting {
  readonly id: string;
  readonly desc: boolean;
}

const useStyles = makeStyles({
  box: { backgroundColor: tokens.colorNeutralBackground1 },
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase300,
    lineHeight: tokens.lineHeightBase300,
    color: tokens.colorNeutralForeground1,
    [narrowScreen]: { display: 'block' },
  },
  body: { [narrowScreen]: { display: 'block' } },
  headers: {
    [narrowScreen]: {
      display: 'flex',
      flexWrap: 'wrap',
      gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
      padding: tokens.spacingHorizontalS,
      borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
    },
  },
  header: {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS}`,
    textAlign: 'left',
    verticalAlign: 'bottom',
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: `inset 0 -1px ${tokens.colorNeutralStroke1}`,
    // Forced colors remove shadows. A border of a collapsed table would not stick.
    [forcedColors]: {
      '::after': { content: '""', position: 'absolute', inset: 'auto 0 0', borderBottom: '1px solid CanvasText' },
    },
    [lowScreen]: { paddingBlock: tokens.spacingVerticalXS },
    [narrowScreen]: { position: 'static', padding: 0, boxShadow: 'none', '::after': { content: 'none' } },
  },
  sort: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXXS,
    padding: 0,
    border: 'none',
    borderRadius: tokens.borderRadiusSmall,
    font: 'inherit',
    fontWeight: tokens.fontWeightSemibold,
    textAlign: 'inherit',
    color: 'inherit',
    backgroundColor: 'transparent',
    cursor: 'pointer',
    ':hover': { textDecorationLine: 'underline' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  cell: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS}`,
    verticalAlign: 'top',
    textAlign: 'left',
    fontWeight: 'inherit',
    maxWidth: '420px',
    overflowWrap: 'break-word',
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    [lowScreen]: { paddingBlock: tokens.spacingVerticalXS },
    [narrowScreen]: { padding: 0, maxWidth: '100%', borderBottom: 'none', ':first-child': { flexBasis: '100%' } },
  },
  number: { textAlign: 'right', fontVariantNumeric: 'tabular-nums' },
  short: { whiteSpace: 'nowrap' },
  label: { display: 'none', [narrowScreen]: { display: 'inline', color: tokens.colorNeutralForeground3 } },
  secondary: { [narrowScreen]: { display: 'none' } },
  row: {
    // The next darker shade has too little contrast with links in the dark theme.
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
    [narrowScreen]: {
      display: 'flex',
      flexWrap: 'wrap',
      gap: `0 ${tokens.spacingHorizontalM}`,
      padding: tokens.spacingHorizontalS,
      borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    },
  },
  more: { margin: tokens.spacingVerticalS },
});

interface SortableTableProps<Row extends RowData> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly columns: readonly ColumnDef<typeof sortableFeatures, Row>[];
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}

/**
 * A table whose rows can be sorted by each of its columns. On narrow screens, the cells of a row are below each other,
 * and numbers and dates have the titles of their columns; the table keeps its roles.
 */
export function SortableTable<Row extends RowData>(props: SortableTableProps<Row>) {
  const { label, rows, rowKey, columns, sorting, onSort } = props;
  const styles = useStyles();
  const [shown, setShown] = useState(rowStep);
  const table = useTable({
    features: sortableFeatures,
    columns,
    data: rows,
    getRowId: rowKey,
    state: { sorting: [sorting] },
  });
  const all = table.getRowModel().rows;
  const rendered = useDeferredValue(all.slice(0, shown), all.slice(0, firstRows));
  const more = Math.min(rowStep, all.length - shown);
  return (
    <div className={styles.box}>
      <table aria-label={label} aria-rowcount={all.length + 1} className={styles.table}>
        <thead className={styles.body}>
          <tr className={styles.headers}>
            {table.getFlatHeaders().map((header) => {
              const { id, columnDef } = header.column;
              const isSorted = id === sorting.id;
              const desc = isSorted ? !sorting.desc : (columnDef.sortDescFirst ?? false);
              return (
                <th
                  key={header.id}
                  scope="col"
                  aria-sort={isSorted ? (sorting.desc ? 'descending' : 'ascending') : 'none'}
                  className={mergeClasses(
                    styles.header,
                    columnDef.meta?.isNumber && styles.number,
                    columnDef.meta?.isSecondary && styles.secondary,
                  )}
                >
                  <button type="button" className={styles.sort} onClick={() => onSort({ id, desc })}>
                    <table.FlexRender header={header} />
                    {isSorted && (sorting.desc ? <ArrowSortDownRegular /> : <ArrowSortUpRegular />)}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody className={styles.body}>
          {rendered.map((row) => (
            <tr key={row.id} className={styles.row}>
              {row.getAllCells().map((cell, index) => {
                const { header, meta } = cell.column.columnDef;
                // The first column names the row. Screen readers read it with the other cells.
                const Cell = index === 0 ? 'th' : 'td';
                const isShort = meta?.isNumber || meta?.isShort;
                return (
                  <Cell
                    key={cell.id}
                    {...(index === 0 && { scope: 'row' })}
                    className={mergeClasses(
                      styles.cell,
                      meta?.isNumber && styles.number,
                      isShort && styles.short,
                      meta?.isSecondary && styles.secondary,
                    )}
                  >
                    {isShort && typeof header === 'string' && (
                      <span aria-hidden className={styles.label}>
                        {header}:{' '}
                      </span>
                    )}
                    <table.FlexRender cell={cell} />
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && (
        <Button className={styles.more} onClick={() => setShown(shown + rowStep)}>
          {`Show ${formatNumber(more)} more of ${formatNumber(all.length)}`}
        </Button>
      )}
    </div>
  );
}
