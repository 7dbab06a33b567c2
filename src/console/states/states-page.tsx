import {
  Button,
  makeStyles,
  Spinner,
  Text,
  Toast,
  Toaster,
  ToastTitle,
  tokens,
  useId,
  useToastController,
} from '@fluentui/react-components';
import { lazy, Suspense, useMemo, useState } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { useAddress } from '../address.js';
import { useAllPages } from '../all-pages.js';
import { DefectNotice } from '../defect-notice.js';
import { FailureNotice } from '../failure-notice.js';
import { type Script, type ScriptSummary, type UserState, userStatesQuery } from '../queries.js';
import { ScriptHeading } from './script-heading.js';
import { nameOf, shownStates } from './shown-states.js';
import { StateFilters } from './state-filters.js';
import { StateTable } from './state-table.js';

// What is not needed to show the table comes when it is wanted.
const DevicePanel = lazy(async () => ({ default: (await import('./device-panel.js')).DevicePanel }));
const EditDialog = lazy(async () => ({ default: (await import('../edit/edit-dialog.js')).EditDialog }));
const Summary = lazy(async () => ({ default: (await import('./summary.js')).Summary }));
const BulkDialog = lazy(async () => ({ default: (await import('../bulk/bulk-dialog.js')).BulkDialog }));

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: 0 },
  above: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    flexShrink: 0,
  },
  picture: { minHeight: '180px' },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, textAlign: 'center' },
});

interface StatesPageProps {
  readonly script: Script;
  /** What the list of scripts says about it; undefined while that is being fetched. */
  readonly about: ScriptSummary | undefined;
  readonly mayWrite: boolean;
}

/** How one script ran for each person: a picture, what to look for, and the table. */
export function StatesPage({ script, about, mayWrite }: StatesPageProps) {
  const styles = useStyles();
  const [address, setAddress] = useAddress();
  const toasterId = useId('saved');
  const { dispatchToast } = useToastController(toasterId);
  const list = useAllPages(userStatesQuery(script));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [edited, setEdited] = useState<UserState>();
  const [bulk, setBulk] = useState<readonly UserState[]>();

  const { items: states, complete, fetching, asOf, failure, refresh } = list;
  const { find, errors, sort, ascending } = address;
  const shown = useMemo(
    () => shownStates(states ?? [], { find, errors, sort, ascending }),
    [states, find, errors, sort, ascending],
  );
  const open = (state: UserState) => void setAddress({ state: state.id }, { history: 'push' });
  const saved = (state: UserState) => {
    setEdited(undefined);
    const toast = (
      <Toast>
        <ToastTitle>Saved: {nameOf(state)}</ToastTitle>
      </Toast>
    );
    dispatchToast(toast, { intent: 'success' });
  };
  const opened = states?.find(({ id }) => id === address.state);

  return (
    <div className={styles.page}>
      <div className={styles.above}>
        <ScriptHeading about={about} script={script} />
        {failure !== undefined && (
          <FailureNotice failure={failure}>
            <Button onClick={refresh}>Try again</Button>
          </FailureNotice>
        )}
        {states !== undefined && states.length > 0 && (
          <>
            <div className={styles.picture}>
              <ErrorBoundary FallbackComponent={DefectNotice}>
                <Suspense fallback={<Spinner size="tiny" label="Drawing" />}>
                  <Summary
                    states={states}
                    complete={complete}
                    onPick={(id) => void setAddress({ state: id }, { history: 'push' })}
                  />
                </Suspense>
              </ErrorBoundary>
            </div>
            <StateFilters
              script={script}
              states={states}
              shown={shown}
              selected={selected}
              complete={complete}
              fetching={fetching}
              asOf={asOf}
              onRefresh={refresh}
              onBulk={mayWrite ? setBulk : undefined}
            />
          </>
        )}
      </div>
      {states === undefined && failure === undefined && (
        <Spinner className={styles.empty} label="Fetching the states" />
      )}
      {states?.length === 0 && complete && (
        <Text className={styles.empty}>This script has not reported for anybody yet.</Text>
      )}
      {states !== undefined && states.length > 0 && shown.length === 0 && (
        <div className={styles.empty}>
          <Text block>{complete ? 'Nobody fits what you look for.' : 'Nobody fits so far.'}</Text>
          <Button appearance="transparent" onClick={() => void setAddress({ find: null, errors: null })}>
            Show everybody
          </Button>
        </div>
      )}
      {shown.length > 0 && (
        <StateTable
          states={shown}
          mayWrite={mayWrite}
          selected={selected}
          onSelect={setSelected}
          onOpen={open}
          onEdit={setEdited}
        />
      )}
      <ErrorBoundary FallbackComponent={DefectNotice}>
        <Suspense>
          {address.state !== null && (
            <DevicePanel
              target={{ ...script, userStateId: address.state }}
              name={opened === undefined ? address.state : nameOf(opened)}
              onClose={() => void setAddress({ state: null }, { history: 'push' })}
            />
          )}
          {edited !== undefined && (
            <EditDialog script={script} state={edited} onClose={() => setEdited(undefined)} onSaved={saved} />
          )}
          {bulk !== undefined && (
            <BulkDialog script={script} selected={bulk} known={states ?? []} onClose={() => setBulk(undefined)} />
          )}
        </Suspense>
      </ErrorBoundary>
      <Toaster toasterId={toasterId} position="bottom-end" />
    </div>
  );
}
