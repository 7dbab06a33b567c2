import { makeStyles, Spinner, Tab, TabList, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useOpenDialog } from './dialogs.js';
import { DefectBoundary } from './error-boundary.js';
import { sessionQuery } from './queries.js';
import { ScriptHeading } from './states/script-heading.js';
import { StatesPage } from './states/states-page.js';
import { type ScriptView, scriptViews, useUrlState } from './url-state.js';
import { useScript } from './use-script.js';

const DevicesView = lazy(async () => ({ default: (await import('./devices/devices-view.js')).DevicesView }));
const ErrorsView = lazy(async () => ({ default: (await import('./devices/errors-view.js')).ErrorsView }));

const useStyles = makeStyles({
  above: {
    display: 'flex',
    flexDirection: 'column',
    flexShrink: 0,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL} 0`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  views: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalM})`, overflowX: 'auto' },
  view: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: 0 },
  loading: { margin: 'auto' },
});

const viewNames = { people: 'People', devices: 'Devices', errors: 'Errors' } as const satisfies Record<
  ScriptView,
  string
>;

/** One script: its people, its devices, and why it fails. */
export function ScriptPage() {
  const styles = useStyles();
  const script = useParams({ from: '/scripts/$scriptKind/$scriptId' });
  const { data: session } = useQuery(sessionQuery);
  const [{ view }, setUrlState] = useUrlState();
  const openDialog = useOpenDialog();
  const summary = useScript(script);
  return (
    <>
      <div className={styles.above}>
        <ScriptHeading script={script} summary={summary} viewName={viewNames[view]} />
        <TabList
          aria-label="Views"
          className={styles.views}
          selectedValue={view}
          onTabSelect={(_event, { value }) =>
            setUrlState({ view: value, state: null, group: null }, { history: 'push' })
          }
        >
          {scriptViews.map((each) => (
            <Tab key={each} value={each} id={`tab-${each}`} aria-controls="view">
              {viewNames[each]}
            </Tab>
          ))}
        </TabList>
      </div>
      <div role="tabpanel" id="view" aria-labelledby={`tab-${view}`} className={styles.view}>
        <DefectBoundary resetKeys={[view]}>
          <Suspense fallback={<Spinner className={styles.loading} label="Loading" />}>
            {view === 'people' && (
              <StatesPage
                script={script}
                canWrite={session?.roles.includes('operator') === true}
                onEdit={(state) => openDialog({ kind: 'edit', script, state })}
                onBulkUpdate={(update) => openDialog({ kind: 'bulk', script, ...update })}
              />
            )}
            {view === 'devices' && <DevicesView script={script} />}
            {view === 'errors' && <ErrorsView script={script} />}
          </Suspense>
        </DefectBoundary>
      </div>
    </>
  );
}
