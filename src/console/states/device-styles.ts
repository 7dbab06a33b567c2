import { makeStyles, tokens } from '@fluentui/react-components';
import { narrowPanel } from '../breakpoint.js';
import { visuallyHidden } from '../visually-hidden.js';

/** A cell with a line of its own. */
const below = { [narrowPanel]: { flex: 'none', height: 'auto' } } as const;

/** The layout of the devices: columns, or one line for each value. */
export const useDeviceStyles = makeStyles({
  table: { marginTop: tokens.spacingVerticalS },
  header: { [narrowPanel]: visuallyHidden },
  row: {
    alignItems: 'flex-start',
    paddingBlock: tokens.spacingVerticalXS,
    [narrowPanel]: { flexDirection: 'column', alignItems: 'stretch', paddingBlock: tokens.spacingVerticalS },
  },
  name: {
    flex: '1.1 1 0',
    overflowWrap: 'anywhere',
    fontWeight: tokens.fontWeightSemibold,
    ...below,
  },
  id: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  system: { flex: '1.5 1 0', overflowWrap: 'anywhere', ...below },
  date: { flex: '1.1 1 0', ...below },
  result: { flex: '0 0 104px', ...below },
  message: { flex: '2 1 0', overflowWrap: 'anywhere', ...below },
  code: { flex: '0 0 104px', overflowWrap: 'anywhere', ...below },
  number: { fontFamily: tokens.fontFamilyMonospace },
  /** The title of a value without its column. */
  label: { display: 'none', [narrowPanel]: { display: 'inline', marginRight: tokens.spacingHorizontalXS } },
});
