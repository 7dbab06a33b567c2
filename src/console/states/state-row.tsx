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
import { useGridStyles } from './grid-styles.js';
import { RatioBar } from './ratio-bar.js';
import { nameOf, type ShownState } from './shown-states.js';

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
  note: { marginLeft: tokens.spacingHorizontalS, flexShrink: 0 },
  none: { color: tokens.colorNeutralForeground3 },
  errors: { color: tokens.colorStatusDangerForeground3, fontWeight: tokens.fontWeightSemibold },
});

const notes = { saving: 'saving', unknown: 'outcome not known', waiting: 'waits for approval' } as const;

interface StateRowProps {
  readonly state: ShownState;
  readonly index: number;
  /** Distance from the first row, in pixels. */
  readonly top: number;
  readonly selected: boolean;
  /** Absent for whoever may only read. */
  readonly onSelect: ((id: string, on: boolean) => void) | undefined;
  readonly onOpen: (state: ShownState) => void;
  /** Tells which row has the focus. */
  readonly onFocus: (id: string) => void;
  readonly onEdit: ((state: ShownState) => void) | undefined;
}

/** One person's run state. */
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
  const name = nameOf(state);
  // What is opened from here gives the focus back.
  const opener = useRestoreFocusTarget();
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={mergeClasses(grid.row, styles.row, selected && styles.selected)}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onFocus(state.id)}
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
          className={mergeClasses(styles.name, state.userPrincipalName === null && styles.none)}
          title={name}
          {...opener}
          onClick={() => onOpen(state)}
        >
          {name}
        </Link>
        {state.note !== undefined && (
          <Badge appearance="tint" color="warning" className={styles.note}>
            {notes[state.note]}
          </Badge>
        )}
      </div>
      <div role="gridcell" className={grid.succeeded}>
        {state.successDeviceCount.toLocaleString('en')}
      </div>
      <div role="gridcell" className={mergeClasses(grid.failed, state.errorDeviceCount > 0 && styles.errors)}>
        {state.errorDeviceCount.toLocaleString('en')}
      </div>
      <div role="gridcell" className={grid.share}>
        <RatioBar state={state} />
      </div>
      {onEdit && (
        <div role="gridcell" className={grid.actions}>
          <Button
            {...opener}
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
