import {
  Badge,
  Button,
  Checkbox,
  Link,
  makeStyles,
  mergeClasses,
  tokens,
  useRestoreFocusTarget,
} from '@fluentui/react-components';
import { EditRegular } from '@fluentui/react-icons';
import { forcedColors } from '../breakpoint.js';
import { displayName } from '../display-name.js';
import { formatNumber } from '../format.js';
import { Isolated, visibleText } from '../isolated.js';
import { statusTexts } from './outcome-filters.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  name: {
    maxWidth: '100%',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    // It opens a panel. Without its color, it would look like any text.
    [forcedColors]: { color: 'LinkText' },
  },
  status: { marginLeft: tokens.spacingHorizontalS, flexShrink: 0 },
  unnamed: { color: tokens.colorNeutralForeground3 },
  errors: { color: tokens.colorStatusDangerForeground3, fontWeight: tokens.fontWeightSemibold },
  id: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

const nameOf = (state: VisibleState) => visibleText(displayName(state));

interface StateCellProps {
  readonly state: VisibleState;
}

/** A checkbox that selects a person; with Shift, all people up to the one that was selected before. */
export function SelectCell({ state, selected, onToggle }: SelectCellProps) {
  return <Checkbox aria-label={`Select ${nameOf(state)}`} checked={selected} onChange={onToggle} />;
}

interface SelectCellProps extends StateCellProps {
  readonly selected: boolean;
  readonly onToggle: (event: unknown) => void;
}

/** A checkbox that selects all people that the table shows. */
export function SelectAll({ shown, selected, onToggle }: SelectAllProps) {
  return (
    <Checkbox
      aria-label={`Select all ${formatNumber(shown)} shown`}
      checked={selected === shown || (selected > 0 ? 'mixed' : false)}
      onChange={() => onToggle(selected !== shown)}
    />
  );
}

interface SelectAllProps {
  readonly shown: number;
  /** The number of selected people among those that are shown. */
  readonly selected: number;
  readonly onToggle: (on: boolean) => void;
}

/** A person's name, which opens their devices, and the status of a change made on this page. */
export function PersonCell({ state, onOpen }: StateCellProps & { readonly onOpen: (state: VisibleState) => void }) {
  const styles = useStyles();
  // A dialog opened from here returns the focus.
  const restoreFocus = useRestoreFocusTarget();
  return (
    <>
      <Link
        as="button"
        className={mergeClasses(styles.name, state.userPrincipalName === null && styles.unnamed)}
        title={nameOf(state)}
        {...restoreFocus}
        onClick={() => onOpen(state)}
      >
        <Isolated>{displayName(state)}</Isolated>
      </Link>
      {state.status !== undefined && (
        <Badge appearance="tint" color="warning" className={styles.status}>
          {statusTexts[state.status]}
        </Badge>
      )}
    </>
  );
}

/** The number of devices on which the script failed. */
export function FailedCell({ state: { errorDeviceCount } }: StateCellProps) {
  const styles = useStyles();
  return <span className={errorDeviceCount > 0 ? styles.errors : undefined}>{formatNumber(errorDeviceCount)}</span>;
}

/** The id of a user state. */
export function IdCell({ state: { id } }: StateCellProps) {
  const styles = useStyles();
  return (
    <span className={styles.id} title={visibleText(id)}>
      <Isolated>{id}</Isolated>
    </span>
  );
}

/** A button that opens the edit dialog. */
export function EditCell({ state, onEdit }: StateCellProps & { readonly onEdit: (state: VisibleState) => void }) {
  const restoreFocus = useRestoreFocusTarget();
  return (
    <Button
      {...restoreFocus}
      appearance="subtle"
      icon={<EditRegular />}
      aria-label={`Edit ${nameOf(state)}`}
      onClick={() => onEdit(state)}
    />
  );
}
