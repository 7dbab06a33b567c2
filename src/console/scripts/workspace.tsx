import { makeStyles, Tab, TabList, Text, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useAllPages } from '../all-pages.js';
import { scriptsQuery } from '../queries.js';
import { StatesPage } from '../states/states-page.js';
import { type Address, scriptKinds, useAddress } from '../url-state.js';
import { Dialogs, type OpenDialog } from './dialogs.js';
import { ScriptList } from './script-list.js';

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
    '@media (max-width: 800px)': { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: '240px auto' },
  },
  main: { display: 'flex', flexDirection: 'column', minHeight: 0, minWidth: 0, overflowY: 'auto' },
  empty: { margin: 'auto', padding: tokens.spacingHorizontalXXL, color: tokens.colorNeutralForeground3 },
  where: { color: tokens.colorNeutralForeground3, marginLeft: tokens.spacingHorizontalXS },
});

/** The kinds of script, the scripts of one kind, and the user states of one script. */
export function Workspace({ mayWrite }: { readonly mayWrite: boolean }) {
  const styles = useStyles();
  const [{ kind, script: scriptId }, setAddress] = useAddress();
  const [dialog, setDialog] = useState<OpenDialog>();
  const scripts = useAllPages(scriptsQuery(kind));
  const script = scripts.items?.find(({ id }) => id === scriptId);

  const go = (where: Partial<Address>) =>
    void setAddress({ script: null, state: null, find: null, errors: null, ...where }, { history: 'push' });

  return (
    <>
      <Dialogs open={dialog} onClose={() => setDialog(undefined)} />
      <nav aria-label="Kinds of script" className={styles.kinds}>
        <TabList
          aria-label="Kind of script"
          selectedValue={kind}
          onTabSelect={(_event, { value }) => go({ kind: kindOf(value) })}
        >
          {scriptKinds.map(([value, name, where]) => (
            <Tab key={value} value={value} aria-label={`${name} (${where})`}>
              {name}
              <Text size={200} className={styles.where}>
                {where}
              </Text>
            </Tab>
          ))}
        </TabList>
      </nav>
      <div className={styles.columns}>
        <ScriptList key={kind} scripts={scripts} chosen={scriptId} onChoose={(id) => go({ script: id })} />
        <main className={styles.main}>
          {scriptId === null ? (
            <Text className={styles.empty} size={400}>
              Choose a script to see how it ran for each person.
            </Text>
          ) : (
            <StatesPage
              key={`${kind} ${scriptId}`}
              script={{ scriptKind: kind, scriptId }}
              about={script}
              mayWrite={mayWrite}
              onDialog={setDialog}
            />
          )}
        </main>
      </div>
    </>
  );
}

/** A tab tells its value as something unknown. */
const kindOf = (value: unknown) => scriptKinds.find(([kind]) => kind === value)?.[0] ?? 'deviceManagementScript';
