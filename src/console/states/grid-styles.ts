import { makeStyles, tokens } from '@fluentui/react-components';
import { narrowScreen } from '../breakpoint.js';

/** The height of the header and of each row, in pixels. The virtualizer needs it as a number. */
export const rowHeightPx = 44;

const number = {
  width: '110px',
  flexShrink: 0,
  textAlign: 'right',
  fontVariantNumeric: 'tabular-nums',
  [narrowScreen]: { width: '80px' },
} as const;

/** The layout of a row's cells, shared by the header and all rows. */
export const useGridStyles = makeStyles({
  row: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    height: `${rowHeightPx}px`,
    paddingLeft: tokens.spacingHorizontalM,
    paddingRight: tokens.spacingHorizontalM,
  },
  select: { width: '36px', flexShrink: 0 },
  person: { display: 'flex', alignItems: 'center', flexGrow: 1, minWidth: '120px', overflow: 'hidden' },
  succeeded: number,
  failed: number,
  failureRate: {
    width: '190px',
    flexShrink: 0,
    paddingLeft: tokens.spacingHorizontalL,
    [narrowScreen]: { width: '90px', overflow: 'hidden' },
  },
  actions: { width: '72px', flexShrink: 0 },
});
