import {
  Button,
  makeStyles,
  SearchBox,
  Spinner,
  Switch,
  Text,
  tokens,
  useRestoreFocusTarget,
} from '@fluentui/react-components';
import { ArrowDownloadRegular, ArrowSyncRegular, DocumentArrowUpRegular, EditRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { DefectNotice } from '../defect-notice.js';
import type { Script, UserState } from '../queries.js';
import { useAddress } from '../url-state.js';

const useStyles = makeStyles({
  bar: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  // It would grow with the focus, and what is clicked next would move away.
  find: { width: '220px', flexShrink: 0 },
  space: { flexGrow: 1 },
  count: { color: tokens.colorNeutralForeground3 },
});

interface StateFiltersProps {
  readonly script: Script;
  readonly states: readonly UserState[];
  readonly shown: readonly UserState[];
  readonly selected: ReadonlySet<string>;
  readonly complete: boolean;
  readonly fetching: boolean;
  readonly asOf: Date;
  readonly onRefresh: () => void;
  /** Changes the given people, or those of a file when none are given; absent for whoever may only read. */
  readonly onBulk: ((states: readonly UserState[]) => void) | undefined;
}

/** What to look for, and what to do with what is found. */
export function StateFilters(props: StateFiltersProps) {
  const { script, states, shown, selected, complete, fetching, asOf, onRefresh, onBulk } = props;
  const styles = useStyles();
  const [broken, setBroken] = useState(false);
  const opener = useRestoreFocusTarget();
  const [{ find, errors }, setAddress] = useAddress();
  const chosen = states.filter(({ id }) => selected.has(id));
  const hidden = chosen.length - shown.filter(({ id }) => selected.has(id)).length;
  const total = `${states.length.toLocaleString('en')} people${complete ? '' : ' so far'}`;

  async function download() {
    const [{ formatUserStates }, { downloadCsv }] = await Promise.all([
      import('../bulk/csv-format.js'),
      import('../bulk/download.js'),
    ]);
    downloadCsv(`states-${script.scriptId}.csv`, formatUserStates(script, shown));
    setBroken(false);
  }

  return (
    <div className={styles.bar}>
      <SearchBox
        aria-label="Find a person"
        placeholder="Find a person"
        className={styles.find}
        value={find}
        onChange={(_event, { value }) => void setAddress({ find: value || null })}
      />
      <Switch
        label="Only with errors"
        checked={errors}
        onChange={(_event, { checked }) => void setAddress({ errors: checked || null })}
      />
      <Text size={200} role="status" className={styles.count}>
        {shown.length === states.length ? total : `${shown.length.toLocaleString('en')} of ${total}`}
      </Text>
      {fetching && <Spinner size="extra-tiny" aria-label="Fetching" />}
      <span className={styles.space} />
      {onBulk && (
        <>
          <Button
            {...opener}
            icon={<EditRegular />}
            disabledFocusable={chosen.length === 0}
            onClick={() => onBulk(chosen)}
          >
            Change selected ({chosen.length.toLocaleString('en')}
            {hidden > 0 && `, ${hidden.toLocaleString('en')} not shown`})
          </Button>
          <Button {...opener} icon={<DocumentArrowUpRegular />} onClick={() => onBulk([])}>
            Import CSV
          </Button>
        </>
      )}
      <Button icon={<ArrowDownloadRegular />} onClick={() => void download().catch(() => setBroken(true))}>
        Download CSV
      </Button>
      <Button
        icon={<ArrowSyncRegular />}
        aria-label="Refresh"
        title={`Refresh (this is as of ${asOf.toLocaleTimeString('en')})`}
        onClick={onRefresh}
        disabledFocusable={fetching}
      />
      {broken && <DefectNotice />}
    </div>
  );
}
