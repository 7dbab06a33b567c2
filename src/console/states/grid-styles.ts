import { makeStyles, tokens } from '@fluentui/react-components';
import { narrowScreen } from '../breakpoint.js';

/** Applies on a phone, or with 400 % zoom: a row has two lines, the name above the numbers. */
export const phone = '(max-width: 520px)';
/** Applies on a low screen, such as a small laptop with 125 % zoom: rows are lower, so that more of them fit. */
export const lowScreen = '(max-height: 720px) and (min-width: 801px)';

/** The height of each row, in pixels. The virtualizer needs it as a number. */
export const rowHeightsPx = { regular: 44, low: 32, phone: 60 } as const;

const onPhone = `@media ${phone}`;
const number = {
  width: '110px',
  flexShrink: 0,
  textAlign: 'right',
  fontVariantNumeric: 'tabular-nums',
  [narrowScreen]: { width: '80px' },
  [onPhone]: { order: 2, flex: '1 1 0', minWidth: 0, textAlign: 'left' },
} as const;

/** The layout of a row's cells, shared by the header and all rows. The names of the cells are those of the columns. */
export const useGridStyles = makeStyles({
  row: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    boxSizing: 'border-box',
    paddingLeft: tokens.spacingHorizontalM,
    paddingRight: tokens.spacingHorizontalM,
    [onPhone]: { flexWrap: 'wrap', alignContent: 'center', rowGap: 0 },
  },
  select: { width: '36px', flexShrink: 0 },
  person: {
    display: 'flex',
    alignItems: 'center',
    flex: '1 1 120px',
    minWidth: '120px',
    overflow: 'hidden',
    // The name, and the edit button beside it, fill the first line.
    [onPhone]: { flexBasis: 'calc(100% - 100px)', minWidth: 0 },
  },
  succeeded: number,
  failed: number,
  failureRate: {
    width: '190px',
    flexShrink: 0,
    paddingLeft: tokens.spacingHorizontalL,
    [narrowScreen]: { width: '90px', overflow: 'hidden' },
    [onPhone]: { order: 2, flex: '1 1 0', minWidth: 0, paddingLeft: 0 },
  },
  userStateId: {
    width: '220px',
    flexShrink: 1,
    minWidth: '80px',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    [narrowScreen]: { display: 'none' },
  },
  actions: { width: '72px', flexShrink: 0, [onPhone]: { width: '40px', order: 1 } },
});
