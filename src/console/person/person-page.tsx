import { makeStyles, Spinner, Subtitle2, Text, tokens } from '@fluentui/react-components';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { RetryNotice } from '../failure-notice.js';
import { pluralize } from '../format.js';
import { idKey } from '../ids.js';
import { Isolated, visibleText } from '../isolated.js';
import { PageHeading } from '../page-heading.js';
import { type PersonState, personStatesQuery } from '../queries.js';
import { RefreshStatus } from '../refresh-status.js';
import { SortableTable } from '../sortable-table.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useAllPages } from '../use-all-pages.js';
import { personColumns, personDeviceColumns } from './person-columns.js';
import { useDevices } from './use-devices.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
  },
  top: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  note: { color: tokens.colorNeutralForeground3 },
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
});

const noStates: readonly PersonState[] = [];

/** One person: the results of all scripts for them, and their devices. */
export function PersonPage() {
  const styles = useStyles();
  const { userId } = useParams({ from: '/people/$userId' });
  const list = useAllPages(personStatesQuery(userId));
  const { items = noStates, unreadable, complete, fetching, asOf, failure, refresh } = list;
  const [sorting, setSorting] = useState({ id: 'failed', desc: true });
  const name = items.find(({ userPrincipalName }) => userPrincipalName !== null)?.userPrincipalName ?? userId;
  const failing = items.filter(({ errorDeviceCount }) => errorDeviceCount > 0).length;
  const soFar = complete ? '' : ' so far';
  return (
    <div className={styles.page}>
      <div className={styles.top}>
        <PageHeading title={[visibleText(name), 'Person']}>
          <Isolated>{name}</Isolated>
        </PageHeading>
        {fetching && <Spinner size="extra-tiny" aria-label="Loading" />}
        <RefreshStatus asOf={list.items && asOf} fetching={fetching} onRefresh={refresh} />
      </div>
      <RetryNotice failure={failure} onRetry={refresh} />
      <UnreadableNotice count={unreadable} />
      {(list.items !== undefined || failure === undefined) && (
        <section aria-label="Scripts" className={styles.part}>
          <Subtitle2 as="h2">Scripts</Subtitle2>
          <Text role="status" className={styles.note}>
            {complete && items.length === 0
              ? 'No scripts have results for this person.'
              : `${failing} of ${pluralize(items.length, 'script', 'scripts')} failed for this person${soFar}.`}
          </Text>
          {items.length > 0 && (
            <SortableTable
              label="Scripts"
              rows={items}
              rowKey={({ id }) => idKey(id)}
              columns={personColumns}
              sorting={sorting}
              onSort={setSorting}
            />
          )}
        </section>
      )}
      {items.length > 0 && <Devices states={items} complete={complete} />}
    </div>
  );
}

function Devices({ states, complete }: { readonly states: readonly PersonState[]; readonly complete: boolean }) {
  const styles = useStyles();
  const [sorting, setSorting] = useState({ id: 'failed', desc: true });
  const { devices, complete: devicesComplete, failedCount } = useDevices(states);
  const isComplete = complete && devicesComplete;
  return (
    <section aria-label="Devices" className={styles.part}>
      <Subtitle2 as="h2">Devices</Subtitle2>
      <Text role="status" className={styles.note}>
        {devices.length === 0 && isComplete
          ? 'Microsoft Graph reports no devices for this person.'
          : `${pluralize(devices.length, 'device', 'devices')}${isComplete ? '' : ' so far'}`}
        {failedCount > 0 && `. The devices of ${pluralize(failedCount, 'script', 'scripts')} could not be loaded.`}
      </Text>
      {devices.length > 0 && (
        <SortableTable
          label="Devices"
          rows={devices}
          rowKey={({ id }) => idKey(id)}
          columns={personDeviceColumns}
          sorting={sorting}
          onSort={setSorting}
        />
      )}
    </section>
  );
}
