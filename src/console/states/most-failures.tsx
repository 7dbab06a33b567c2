import { Button, makeStyles, tokens, useRestoreFocusTarget } from '@fluentui/react-components';
import { forcedColors } from '../breakpoint.js';
import { displayName } from '../display-name.js';
import { formatNumber, formatShort } from '../format.js';
import { idKey } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import type { ScriptUserState } from '../queries.js';
import { visuallyHidden } from '../visually-hidden.js';

/** The height of one person in the list, in pixels. */
export const itemHeightPx = 26;

const useStyles = makeStyles({
  list: { margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    position: 'relative',
    display: 'flex',
    justifyContent: 'space-between',
    alignItems: 'flex-start',
    gap: tokens.spacingHorizontalS,
    width: '100%',
    minWidth: 0,
    height: `${itemHeightPx}px`,
    padding: `0 ${tokens.spacingHorizontalXXS}`,
    border: 'none',
    fontWeight: tokens.fontWeightRegular,
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  number: { position: 'relative', fontVariantNumeric: 'tabular-nums' },
  hidden: visuallyHidden,
  bar: {
    position: 'absolute',
    left: 0,
    bottom: '3px',
    height: '4px',
    // Keeps small counts visible beside very large ones.
    minWidth: '2px',
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorStatusDangerBorderActive,
    // Forced colors would remove the background.
    [forcedColors]: { forcedColorAdjust: 'none', backgroundColor: 'CanvasText' },
  },
});

interface MostFailuresProps {
  /** Sorted by the number of failed devices, highest first. */
  readonly states: readonly ScriptUserState[];
  readonly onOpen: (stateId: string) => void;
}

/** The people with the most failed devices, as a bar chart of buttons that open their devices. */
export function MostFailures({ states, onOpen }: MostFailuresProps) {
  const styles = useStyles();
  const restoreFocus = useRestoreFocusTarget();
  const most = states[0]?.errorDeviceCount ?? 0;
  return (
    <ol className={styles.list}>
      {states.map((state) => (
        <li key={idKey(state.id)}>
          <Button
            {...restoreFocus}
            appearance="subtle"
            size="small"
            className={styles.row}
            title={`${visibleText(displayName(state))}: ${formatNumber(state.errorDeviceCount)} failed`}
            onClick={() => onOpen(state.id)}
          >
            <span className={styles.name}>
              <Isolated>{displayName(state)}</Isolated>
            </span>
            <span className={styles.number}>
              {formatShort(state.errorDeviceCount)}
              <span className={styles.hidden}> failed</span>
            </span>
            <span aria-hidden className={styles.bar} style={{ width: `${(state.errorDeviceCount / most) * 100}%` }} />
          </Button>
        </li>
      ))}
    </ol>
  );
}
