import { makeStyles, Switch, Text, tokens } from '@fluentui/react-components';
import { useDeferredValue, useState } from 'react';
import { FindBox } from '../find-box.js';
import { formatNumber, pluralize } from '../format.js';
import { idKey } from '../ids.js';
import type { DeviceRunState, ScriptRef } from '../queries.js';
import { deviceNameOf, formatErrorCode, isFailed, messageOf, systemOf } from '../run-state.js';
import { SortableTable } from '../sortable-table.js';
import { useUrlState } from '../url-state.js';
import { deviceColumns } from './device-columns.js';
import { DeviceList } from './device-list.js';

const useStyles = makeStyles({
  count: { color: tokens.colorNeutralForeground3 },
});

/** The devices of all people, with the result of the script on each. */
export function DevicesView({ script }: { readonly script: ScriptRef }) {
  const styles = useStyles();
  const [{ find, errors }, setUrlState] = useUrlState();
  const [sorting, setSorting] = useState({ id: 'result', desc: true });
  const deferredFind = useDeferredValue(find);
  const filter = (states: readonly DeviceRunState[]) =>
    states.filter((state) => (!errors || isFailed(state)) && containsText(state, deferredFind));
  return (
    <DeviceList
      script={script}
      controls={(states, complete) => {
        const shown = filter(states).length;
        const total = `${pluralize(states.length, 'device', 'devices')}${complete ? '' : ' so far'}`;
        return (
          <>
            <FindBox
              label="Find a device, person or message"
              value={find}
              onChange={(text) => setUrlState({ find: text })}
            />
            <Switch
              label="Only with failures"
              checked={errors}
              onChange={(_event, { checked }) => setUrlState({ errors: checked })}
            />
            <Text size={200} role="status" className={styles.count}>
              {shown === states.length ? total : `${formatNumber(shown)} of ${total}`}
            </Text>
          </>
        );
      }}
    >
      {(states, complete) => {
        const shown = filter(states);
        return shown.length > 0 ? (
          <SortableTable
            label="Devices"
            rows={shown}
            rowKey={({ id }) => idKey(id)}
            columns={deviceColumns}
            sorting={sorting}
            onSort={setSorting}
          />
        ) : (
          <Text>{`No devices match your filters${complete ? '' : ' so far'}.`}</Text>
        );
      }}
    </DeviceList>
  );
}

function containsText(state: DeviceRunState, find: string): boolean {
  const search = find.trim().toLowerCase();
  const { device, errorCode } = state;
  const codes = errorCode === null ? [] : [String(errorCode), formatErrorCode(errorCode)];
  const texts = [deviceNameOf(state), device?.userPrincipalName ?? '', systemOf(state), messageOf(state), ...codes];
  return search === '' || texts.some((text) => text.toLowerCase().includes(search));
}
