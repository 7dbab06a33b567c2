import { Caption1, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ChevronDownRegular, ChevronRightRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { forcedColors } from '../breakpoint.js';
import { pluralize } from '../format.js';
import { idKey } from '../ids.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef } from '../queries.js';
import { formatErrorCode } from '../run-state.js';
import { SortableTable } from '../sortable-table.js';
import { useUrlState } from '../url-state.js';
import { failedDeviceColumns } from './device-columns.js';
import { DeviceList } from './device-list.js';
import { type FailureGroup, failureGroups } from './failure-groups.js';

const useStyles = makeStyles({
  groups: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  group: {
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    boxShadow: tokens.shadow2,
    // Forced colors remove backgrounds and shadows.
    [forcedColors]: { border: '1px solid CanvasText' },
  },
  heading: { display: 'block' },
  toggle: {
    display: 'grid',
    gridTemplateColumns: '20px minmax(0, 1fr) auto',
    gap: tokens.spacingHorizontalS,
    alignItems: 'start',
    width: '100%',
    padding: tokens.spacingHorizontalM,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    textAlign: 'left',
    font: 'inherit',
    color: tokens.colorNeutralForeground1,
    backgroundColor: 'transparent',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  icon: { fontSize: '20px' },
  message: { overflowWrap: 'anywhere' },
  code: { color: tokens.colorNeutralForeground3 },
  counts: { textAlign: 'right', fontVariantNumeric: 'tabular-nums' },
});

/** Why a script fails: its failures, grouped by error code and message. */
export function ErrorsView({ script }: { readonly script: ScriptRef }) {
  const styles = useStyles();
  const [{ group: open }, setUrlState] = useUrlState();
  return (
    <DeviceList
      script={script}
      controls={(states, complete) => {
        const groups = failureGroups(states);
        const devices = groups.reduce((total, group) => total + group.states.length, 0);
        return (
          <Text role="status">
            {`${pluralize(devices, 'failed device', 'failed devices')} with ${pluralize(groups.length, 'error', 'errors')}`}
            {complete ? '' : ' so far'}
          </Text>
        );
      }}
    >
      {(states, complete) => {
        const groups = failureGroups(states);
        if (groups.length === 0)
          return <Text>{`The script has not failed on any device${complete ? '' : ' so far'}.`}</Text>;
        return (
          <ul aria-label="Errors" className={styles.groups}>
            {groups.map((group) => (
              <Group
                key={group.key}
                group={group}
                isOpen={group.key === open}
                onToggle={() => setUrlState({ group: group.key === open ? null : group.key })}
              />
            ))}
          </ul>
        );
      }}
    </DeviceList>
  );
}

interface GroupProps {
  readonly group: FailureGroup;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Group({ group: { key, errorCode, message, states, people }, isOpen, onToggle }: GroupProps) {
  const styles = useStyles();
  const [sorting, setSorting] = useState({ id: 'updated', desc: true });
  return (
    <li className={styles.group}>
      <Text as="h2" className={styles.heading}>
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={isOpen}
          aria-controls={isOpen ? `group-${key}` : undefined}
          onClick={onToggle}
        >
          <span className={styles.icon}>{isOpen ? <ChevronDownRegular /> : <ChevronRightRegular />}</span>
          <span>
            <Text block weight="semibold" className={styles.message}>
              <Isolated>{message || 'No message'}</Isolated>
            </Text>
            <Caption1 className={styles.code}>
              {errorCode === null
                ? 'No error code'
                : `Error code ${formatErrorCode(errorCode)}${errorCode < 0 ? ` (${errorCode})` : ''}`}
            </Caption1>
          </span>
          <span className={styles.counts}>
            <Text block weight="semibold">
              {pluralize(states.length, 'device', 'devices')}
            </Text>
            <Caption1>{people.size === 0 ? 'People not known' : pluralize(people.size, 'person', 'people')}</Caption1>
          </span>
        </button>
      </Text>
      {isOpen && (
        <div id={`group-${key}`}>
          <SortableTable
            label="Devices with this error"
            rows={states}
            rowKey={({ id }) => idKey(id)}
            columns={failedDeviceColumns}
            sorting={sorting}
            onSort={setSorting}
          />
        </div>
      )}
    </li>
  );
}
