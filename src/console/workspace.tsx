import { makeStyles, Spinner, Tab, TabList, Text, tokens } from '@fluentui/react-components';
import { lazy, Suspense, useState } from 'react';
import { narrowScreen } from './breakpoint.js';
import { Dialogs, type OpenDialog } from './dialogs.js';
import { DefectBoundary } from './error-boundary.js';
import { idKey, isSameId } from './ids.js';
import { scriptsQuery } from './queries.js';
import { ScriptList } from './scripts/script-list.js';
import { scriptKindTabs, type UrlState, useUrlState } from './url-state.js';
import { useAllPages } from './use-all-pages.js';

const StatesPage = lazy(async () => ({ default: (await import('./states/states-page.js')).StatesPage }));

const useStyles = makeStyles({
  kinds: {
    paddingLeft: tokens.spacingHorizontalS,
    flexShrink: 0,
    overflowX: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(220px, 300px) minmax(0, 1fr)',
    flexGrow: 1,
    minHeight: 0,
    [narrowScreen]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: '240px auto' },
  },
  main: { display: 'flex', flexDirection: 'column', minHeight: 0, minWidth: 0, overflowY: 'auto' },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, color: tokens.colorNeutralForeground3 },
  platform: { color: tokens.colorNeutralForeground3, marginLeft: tokens.spacingHorizontalXS },
});

/** Composes the features: script kinds, the scripts of one kind, the user states of one script, and the dialogs. */
export function Workspace({ canWrite }: { readonly canWrite: boolean }) {
  const styles = useStyles();
  const [{ kind, script: scriptId }, setUrlState] = useUrlState();
  const [dialog, setDialog] = useState<OpenDialog>();
  const scripts = useAllPages(scriptsQuery(kind));
  const script = scriptId === null ? undefined : { scriptKind: kind, scriptId };
  const summary = scriptId === null ? undefined : scripts.items?.find(({ id }) => isSameId(id, scriptId));

  const navigate = (to: Partial<UrlState>) =>
    void setUrlState(
      { script: null, state: null, find: null, errors: null, outcome: null, ...to },
      { history: 'push' },
    );

  return (
    <>
      <Dialogs open={dialog} onClose={() => setDialog(undefined)} />
      <nav aria-label="Script kinds" className={styles.kinds}>
        <TabList
          aria-label="Script kind"
          selectedValue={kind}
          onTabSelect={(_event, { value }) => navigate({ kind: toScriptKind(value) })}
        >
          {scriptKindTabs.map(([value, name, platform]) => (
            <Tab key={value} value={value} aria-label={`${name} (${platform})`}>
              {name}
              <Text size={200} className={styles.platform}>
                {platform}
              </Text>
            </Tab>
          ))}
        </TabList>
      </nav>
      <div className={styles.columns}>
        <ScriptList key={kind} scripts={scripts} selected={scriptId} onSelect={(id) => navigate({ script: id })} />
        <main className={styles.main}>
          {script === undefined ? (
            <Text className={styles.empty} size={400}>
              Select a script to see its results for each person.
            </Text>
          ) : (
            <DefectBoundary>
              <Suspense fallback={<Spinner className={styles.empty} label="Loading" />}>
                <StatesPage
                  key={`${kind} ${idKey(script.scriptId)}`}
                  script={script}
                  summary={summary}
                  canWrite={canWrite}
                  onEdit={(state) => setDialog({ kind: 'edit', script, state })}
                  onBulkUpdate={(update) => setDialog({ kind: 'bulk', script, ...update })}
                />
              </Suspense>
            </DefectBoundary>
          )}
        </main>
      </div>
    </>
  );
}

/** Fluent types the value of a tab as `unknown`. */
const toScriptKind = (value: unknown) =>
  scriptKindTabs.find(([kind]) => kind === value)?.[0] ?? 'deviceManagementScript';
