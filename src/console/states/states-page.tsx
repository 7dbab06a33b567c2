import { Button, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import type { RowSelectionState } from '@tanstack/react-table';
import { lazy, Suspense, useDeferredValue, useMemo, useState } from 'react';
import { lowScreen } from '../breakpoint.js';
import { displayName } from '../display-name.js';
import { DefectBoundary } from '../error-boundary.js';
import { RetryNotice } from '../failure-notice.js';
import { isSameId } from '../ids.js';
import { useLocalChanges } from '../local-changes.js';
import { type ScriptRef, type ScriptUserState, userStatesQuery } from '../queries.js';
import { UnreadableNotice } from '../unreadable-notice.js';
import { useUrlState } from '../url-state.js';
import { useAllPages } from '../use-all-pages.js';
import { useScript } from '../use-script.js';
import { useHiddenColumns } from './hidden-columns.js';
import { addressOfOutcome, emptyText, filterByOutcome, outcomeFilterOf } from './outcome-filters.js';
import { useStableCallback } from './stable-callback.js';
import { StateFilters } from './state-filters.js';
import { StateTable } from './state-table.js';
import { Summary } from './summary.js';
import { applyLocalChanges, findStates, sortStates } from './visible-states.js';

const DevicePanel = lazy(async () => ({ default: (await import('./device-panel.js')).DevicePanel }));

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: 0 },
  above: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    [lowScreen]: { gap: tokens.spacingVerticalXS, paddingBlock: tokens.spacingVerticalS },
    flexShrink: 0,
  },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, textAlign: 'center' },
});

interface StatesPageProps {
  readonly script: ScriptRef;
  readonly canWrite: boolean;
  readonly onEdit: (state: ScriptUserState) => void;
  /** Opens the bulk dialog: for an import, if no states are selected. */
  readonly onBulkUpdate: (update: BulkUpdateOptions) => void;
}

interface BulkUpdateOptions {
  readonly selected: readonly ScriptUserState[];
  readonly known: readonly ScriptUserState[];
}

/** The results of one script for each person: summary, filters and table. */
export function StatesPage({ script, canWrite, onEdit, onBulkUpdate }: StatesPageProps) {
  const styles = useStyles();
  const [{ state: openId, find, errors, outcome, sort, ascending }, setUrlState] = useUrlState();
  const localChanges = useLocalChanges();
  const { items, unreadable, complete, fetching, asOf, failure, refresh } = useAllPages(userStatesQuery(script));
  const summary = useScript(script);
  const [selection, setSelection] = useState<RowSelectionState>({});
  const [hiddenColumns, setHiddenColumns] = useHiddenColumns();

  const { scriptKind, scriptId } = script;
  const states = useMemo(
    () => items && applyLocalChanges(items, { scriptKind, scriptId }, localChanges),
    [items, scriptKind, scriptId, localChanges],
  );
  const sorted = useMemo(() => sortStates(states ?? [], { sort, ascending }), [states, sort, ascending]);
  // A long list must not delay typing.
  const search = useDeferredValue(find);
  const filter = outcomeFilterOf({ errors, outcome });
  const visible = useMemo(() => filterByOutcome(findStates(sorted, search), filter), [sorted, search, filter]);
  const open = (id: string) => void setUrlState({ state: id }, { history: 'push' });
  const onOpen = useStableCallback(({ id }: ScriptUserState) => open(id));
  const onEditState = useStableCallback(onEdit);
  const onSort = useStableCallback(
    (column: typeof sort, up: boolean) => void setUrlState({ sort: column, ascending: up }),
  );
  const openState = openId === null ? undefined : states?.find(({ id }) => isSameId(id, openId));
  const isEmpty = states === undefined || states.length === 0;

  return (
    <div className={styles.page}>
      <div className={styles.above}>
        <RetryNotice failure={failure} onRetry={refresh} />
        <UnreadableNotice count={unreadable} />
        {!isEmpty && (
          <>
            <DefectBoundary>
              <Summary states={states} complete={complete} onOpen={open} />
            </DefectBoundary>
            <StateFilters
              script={script}
              summary={summary}
              states={states}
              visible={visible}
              selection={selection}
              complete={complete}
              fetching={fetching}
              asOf={asOf}
              onRefresh={refresh}
              hiddenColumns={hiddenColumns}
              onHideColumns={setHiddenColumns}
              onBulkUpdate={
                canWrite ? (selectedStates) => onBulkUpdate({ selected: selectedStates, known: states }) : undefined
              }
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
          <Text block>{emptyText(filter, search, complete)}</Text>
          <Button appearance="transparent" onClick={() => void setUrlState({ find: null, ...addressOfOutcome(null) })}>
            Clear filters
          </Button>
        </div>
      )}
      {visible.length > 0 && (
        <StateTable
          states={visible}
          canWrite={canWrite}
          hiddenColumns={hiddenColumns}
          sort={sort}
          ascending={ascending}
          onSort={onSort}
          selection={selection}
          onSelect={setSelection}
          onOpen={onOpen}
          onEdit={onEditState}
          filterKey={`${filter} ${search}`}
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
