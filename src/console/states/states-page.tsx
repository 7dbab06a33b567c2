import { Button, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import { lazy, Suspense, useMemo, useState } from 'react';
import { displayName } from '../display-name.js';
import { DefectBoundary } from '../error-boundary.js';
import { FailureNotice } from '../failure-notice.js';
import { isSameId } from '../ids.js';
import { type FiledRow, useLocalChanges } from '../local-changes.js';
import { type ScriptRef, type ScriptUserState, userStatesQuery } from '../queries.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useUrlState } from '../url-state.js';
import { useAllPages } from '../use-all-pages.js';
import { StateFilters } from './state-filters.js';
import { StateTable } from './state-table.js';
import { Summary } from './summary.js';
import { applyLocalChanges, filedChanges, filterAndSort } from './visible-states.js';

const DevicePanel = lazy(async () => ({ default: (await import('./device-panel.js')).DevicePanel }));

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: 0 },
  above: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    flexShrink: 0,
  },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, textAlign: 'center' },
});

interface StatesPageProps {
  readonly script: ScriptRef;
  readonly canWrite: boolean;
  readonly onEdit: (state: ScriptUserState) => void;
  /** Opens the bulk dialog: for an import, if no states are selected and no filed changes are to be completed. */
  readonly onBulkUpdate: (update: BulkUpdateOptions) => void;
}

interface BulkUpdateOptions {
  readonly selected: readonly ScriptUserState[];
  readonly filed: readonly FiledRow[];
  readonly known: readonly ScriptUserState[];
}

/** The results of one script for each person: summary, filters and table. */
export function StatesPage({ script, canWrite, onEdit, onBulkUpdate }: StatesPageProps) {
  const styles = useStyles();
  const [{ state: openId, find, errors, sort, ascending }, setUrlState] = useUrlState();
  const localChanges = useLocalChanges();
  const { items, unreadable, complete, fetching, asOf, failure, refresh } = useAllPages(userStatesQuery(script));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());

  const { scriptKind, scriptId } = script;
  const states = useMemo(
    () => items && applyLocalChanges(items, { scriptKind, scriptId }, localChanges),
    [items, scriptKind, scriptId, localChanges],
  );
  const filed = useMemo(
    () => filedChanges(items ?? [], { scriptKind, scriptId }, localChanges),
    [items, scriptKind, scriptId, localChanges],
  );
  const visible = useMemo(
    () => filterAndSort(states ?? [], { find, errors, sort, ascending }),
    [states, find, errors, sort, ascending],
  );
  const open = (id: string) => void setUrlState({ state: id }, { history: 'push' });
  const openState = openId === null ? undefined : states?.find(({ id }) => isSameId(id, openId));
  const isEmpty = states === undefined || states.length === 0;

  return (
    <div className={styles.page}>
      <div className={styles.above}>
        {failure !== undefined && (
          <FailureNotice failure={failure}>
            <Button onClick={refresh}>Try again</Button>
          </FailureNotice>
        )}
        <UnreadableNotice count={unreadable} />
        {!isEmpty && (
          <>
            <DefectBoundary>
              <Summary states={states} complete={complete} onOpen={open} />
            </DefectBoundary>
            <StateFilters
              script={script}
              states={states}
              visible={visible}
              selected={selected}
              complete={complete}
              fetching={fetching}
              asOf={asOf}
              onRefresh={refresh}
              filed={filed}
              onBulkUpdate={canWrite ? (options) => onBulkUpdate({ ...options, known: states }) : undefined}
            />
          </>
        )}
      </div>
      {states === undefined && failure === undefined && <Spinner className={styles.empty} label="Loading states" />}
      {states?.length === 0 && unreadable === 0 && complete && (
        <div className={styles.empty}>
          <Text block>This script has no results yet.</Text>
          <Button appearance="transparent" onClick={refresh}>
            Refresh
          </Button>
        </div>
      )}
      {!isEmpty && visible.length === 0 && (
        <div className={styles.empty}>
          <Text block>{`No people match your filters${complete ? '' : ' so far'}.`}</Text>
          <Button appearance="transparent" onClick={() => void setUrlState({ find: null, errors: null })}>
            Clear filters
          </Button>
        </div>
      )}
      {visible.length > 0 && (
        <StateTable
          states={visible}
          canWrite={canWrite}
          selected={selected}
          onSelect={setSelected}
          onOpen={({ id }) => open(id)}
          onEdit={onEdit}
        />
      )}
      <DefectBoundary resetKeys={[openId]}>
        <Suspense>
          {openId !== null && (
            <DevicePanel
              state={{ ...script, userStateId: openId }}
              name={openState === undefined ? openId : displayName(openState)}
              onClose={() => void setUrlState({ state: null })}
            />
          )}
        </Suspense>
      </DefectBoundary>
    </div>
  );
}
