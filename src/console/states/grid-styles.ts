import { makeStyles, tokens } from '@fluentui/react-components';

/** Applies on a phone, or with 400 % zoom: a row has two lines, the name above the numbers. */
export const phone = '(max-width: 520px)';
/** Applies on a low screen without touch, such as a small laptop with 125 % zoom: rows are lower, so that more fit. */
export const lowScreen = '(max-height: 720px) and (min-width: 521px) and (not (pointer: coarse))';
/** Applies where the table has little width: names have it before bars. The table is a container. */
export const narrowGrid = '@container (max-width: 899px)';

/** The height of each row, in pixels. The virtualizer needs it as a number. */
export const rowHeightsPx = { regular: 44, low: 32, phone: 60 } as const;

const onPhone = `@media ${phone}`;

/** A column of numbers, which are in the second line on a phone. */
const number = (phoneColumn: number) =>
  ({
    width: '110px',
    flexShrink: 0,
    textAlign: 'right',
    fontVariantNumeric: 'tabular-nums',
    [narrowGrid]: { width: '88px' },
    [onPhone]: { width: 'auto', gridRow: 2, gridColumn: phoneColumn, textAlign: 'left' },
  }) as const;

/** The layout of a row's cells, shared by the header and all rows. The names of the cells are those of the columns. */
export const useGridStyles = makeStyles({
  row: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    boxSizing: 'border-box',
    paddingLeft: tokens.spacingHorizontalM,
    paddingRight: tokens.spacingHorizontalM,
    [onPhone]: {
      display: 'grid',
      gridTemplateColumns: 'auto minmax(0, 1.15fr) minmax(0, 1fr) minmax(0, 0.85fr) auto',
      gridTemplateRows: '1fr 24px',
      rowGap: 0,
    },
  },
  select: { width: '36px', flexShrink: 0 },
  person: {
    display: 'flex',
    alignItems: 'center',
    flex: '1 1 120px',
    minWidth: '120px',
    overflow: 'hidden',
    [onPhone]: { gridRow: 1, gridColumn: '2 / 5', minWidth: 0 },
  },
  succeeded: number(2),
  failed: number(3),
  failureRate: {
    width: '190px',
    flexShrink: 0,
    paddingLeft: tokens.spacingHorizontalL,
    [narrowGrid]: { width: '96px', paddingLeft: 0, textAlign: 'right', overflow: 'hidden' },
    [onPhone]: { width: 'auto', gridRow: 2, gridColumn: '4 / 6', textAlign: 'left' },
  },
  userStateId: {
    width: '220px',
    flexShrink: 1,
    minWidth: '80px',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    [onPhone]: { display: 'none' },
  },
  actions: {
    width: '72px',
    flexShrink: 0,
    [narrowGrid]: { width: '60px' },
    [onPhone]: { width: '40px', gridRow: 1, gridColumn: 5, fontSize: tokens.fontSizeBase100 },
  },
});
