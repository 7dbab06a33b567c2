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
import { memo } from 'react';
import { displayName } from '../display-name.js';
import { formatNumber } from '../format.js';
import { idKey } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import { FailureRateBar } from './failure-rate-bar.js';
import { useGridStyles } from './grid-styles.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    boxSizing: 'border-box',
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
  },
  selected: { backgroundColor: tokens.colorBrandBackground2 },
  name: { maxWidth: '100%', overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  status: { marginLeft: tokens.spacingHorizontalS, flexShrink: 0 },
  unnamed: { color: tokens.colorNeutralForeground3 },
  errors: { color: tokens.colorStatusDangerForeground3, fontWeight: tokens.fontWeightSemibold },
});

const statusTexts = {
  saving: 'saving',
  unknown: 'outcome unknown',
  awaitingApproval: 'waiting for approval',
} as const;

interface StateRowProps {
  readonly state: VisibleState;
  readonly index: number;
  /** The offset from the first row, in pixels. */
  readonly top: number;
  readonly selected: boolean;
  /** Undefined for readers, as is `onEdit`. */
  readonly onSelect: ((id: string, on: boolean) => void) | undefined;
  readonly onOpen: (state: VisibleState) => void;
  /** Called with the key of the state's id when the focus enters the row. */
  readonly onFocus: (key: string) => void;
  readonly onEdit: ((state: VisibleState) => void) | undefined;
}

/** One row of the state table. */
export const StateRow = memo(function StateRow({
  state,
  index,
  top,
  selected,
  onSelect,
  onOpen,
  onEdit,
  onFocus,
}: StateRowProps) {
  const styles = useStyles();
  const grid = useGridStyles();
  const text = displayName(state);
  const name = visibleText(text);
  // A dialog opened from here returns the focus.
  const restoreFocus = useRestoreFocusTarget();
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={mergeClasses(grid.row, styles.row, selected && styles.selected)}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onFocus(idKey(state.id))}
    >
      {onSelect && (
        <div role="gridcell" className={grid.select}>
          <Checkbox
            aria-label={`Select ${name}`}
            checked={selected}
            onChange={(_event, { checked }) => onSelect(state.id, checked === true)}
          />
        </div>
      )}
      <div role="gridcell" className={grid.person}>
        <Link
          as="button"
          className={mergeClasses(styles.name, state.userPrincipalName === null && styles.unnamed)}
          title={name}
          {...restoreFocus}
          onClick={() => onOpen(state)}
        >
          <Isolated>{text}</Isolated>
        </Link>
        {state.status !== undefined && (
          <Badge appearance="tint" color="warning" className={styles.status}>
            {statusTexts[state.status]}
          </Badge>
        )}
      </div>
      <div role="gridcell" className={grid.succeeded}>
        {formatNumber(state.successDeviceCount)}
      </div>
      <div role="gridcell" className={mergeClasses(grid.failed, state.errorDeviceCount > 0 && styles.errors)}>
        {formatNumber(state.errorDeviceCount)}
      </div>
      <div role="gridcell" className={grid.failureRate}>
        <FailureRateBar state={state} />
      </div>
      {onEdit && (
        <div role="gridcell" className={grid.actions}>
          <Button
            {...restoreFocus}
            appearance="subtle"
            icon={<EditRegular />}
            aria-label={`Edit ${name}`}
            onClick={() => onEdit(state)}
          />
        </div>
      )}
    </div>
  );
});
