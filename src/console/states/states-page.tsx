import { Button, makeStyles, Spinner, Text, tokens } from '@fluentui/react-components';
import { lazy, Suspense, useMemo, useState } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { useAllPages } from '../all-pages.js';
import { DefectNotice } from '../defect-notice.js';
import { FailureNotice } from '../failure-notice.js';
import { useMarks } from '../overlay/local-overlay.js';
import { type Script, type ScriptSummary, userStatesQuery } from '../queries.js';
import type { OpenDialog } from '../scripts/dialogs.js';
import { useAddress } from '../url-state.js';
import { ScriptHeading } from './script-heading.js';
import { nameOf, shownStates, withMarks } from './shown-states.js';
import { StateFilters } from './state-filters.js';
import { StateTable } from './state-table.js';

// What is not needed to show the table comes when it is wanted.
const Summary = lazy(async () => ({ default: (await import('./summary.js')).Summary }));
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
  picture: { minHeight: '180px' },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, textAlign: 'center' },
});

interface StatesPageProps {
  readonly script: Script;
  /** What the list of scripts says about it; undefined while that is being fetched. */
  readonly about: ScriptSummary | undefined;
  readonly mayWrite: boolean;
  readonly onDialog: (dialog: OpenDialog) => void;
}

/** How one script ran for each person: a picture, what to look for, and the table. */
export function StatesPage({ script, about, mayWrite, onDialog }: StatesPageProps) {
  const styles = useStyles();
  const [address, setAddress] = useAddress();
  const marks = useMarks();
  const { items, complete, fetching, asOf, failure, refresh } = useAllPages(userStatesQuery(script));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());

  const { find, errors, sort, ascending } = address;
  const { scriptKind, scriptId } = script;
  const states = useMemo(
    () => items && withMarks(items, { scriptKind, scriptId }, marks),
    [items, scriptKind, scriptId, marks],
  );
  const shown = useMemo(
    () => shownStates(states ?? [], { find, errors, sort, ascending }),
    [states, find, errors, sort, ascending],
  );
  const open = (id: string) => void setAddress({ state: id }, { history: 'push' });
  const opened = states?.find(({ id }) => id === address.state);
  const isEmpty = states === undefined || states.length === 0;

  return (
    <div className={styles.page}>
      <div className={styles.above}>
        <ScriptHeading about={about} script={script} />
        {failure !== undefined && (
          <FailureNotice failure={failure}>
            <Button onClick={refresh}>Try again</Button>
          </FailureNotice>
        )}
        {!isEmpty && (
          <>
            <div className={styles.picture}>
              <ErrorBoundary FallbackComponent={DefectNotice}>
                <Suspense fallback={<Spinner size="tiny" label="Drawing" />}>
                  <Summary states={states} complete={complete} onPick={open} />
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
              onBulk={
                mayWrite ? (chosen) => onDialog({ what: 'bulk', script, selected: chosen, known: states }) : undefined
              }
            />
          </>
        )}
      </div>
      {states === undefined && failure === undefined && (
        <Spinner className={styles.empty} label="Fetching the states" />
      )}
      {states?.length === 0 && complete && (
        <div className={styles.empty}>
          <Text block>This script has not reported for anybody yet.</Text>
          <Button appearance="transparent" onClick={refresh}>
            Refresh
          </Button>
        </div>
      )}
      {!isEmpty && shown.length === 0 && (
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
          onOpen={({ id }) => open(id)}
          onEdit={(state) => onDialog({ what: 'edit', script, state })}
        />
      )}
      <ErrorBoundary FallbackComponent={DefectNotice} resetKeys={[address.state]}>
        <Suspense>
          {address.state !== null && (
            <DevicePanel
              target={{ ...script, userStateId: address.state }}
              name={opened === undefined ? address.state : nameOf(opened)}
              onClose={() => void setAddress({ state: null })}
            />
          )}
        </Suspense>
      </ErrorBoundary>
    </div>
  );
}
