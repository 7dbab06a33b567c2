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
import { downloadCsv } from '../csv/csv-download.js';
import { DefectNotice } from '../error-boundary.js';
import { formatNumber, pluralize } from '../format.js';
import { idKey } from '../ids.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { useUrlState } from '../url-state.js';

const useStyles = makeStyles({
  bar: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  // Fluent's search box grows with the focus, which would move the other controls.
  find: { width: '220px', flexShrink: 0 },
  space: { flexGrow: 1 },
  count: { color: tokens.colorNeutralForeground3 },
});

interface StateFiltersProps {
  readonly script: ScriptRef;
  readonly states: readonly ScriptUserState[];
  /** The states that match the filters. */
  readonly visible: readonly ScriptUserState[];
  /** The keys of the selected states' ids. */
  readonly selected: ReadonlySet<string>;
  readonly complete: boolean;
  readonly fetching: boolean;
  readonly asOf: Date;
  readonly onRefresh: () => void;
  /** Opens the bulk dialog for the given states, or for an import if there are none; undefined for readers. */
  readonly onBulkUpdate: ((selected: readonly ScriptUserState[]) => void) | undefined;
}

/** The filters of the state table, and the actions on it. */
export function StateFilters(props: StateFiltersProps) {
  const { script, states, visible, selected, complete, fetching, asOf, onRefresh, onBulkUpdate } = props;
  const styles = useStyles();
  const [downloadFailed, setDownloadFailed] = useState(false);
  const restoreFocus = useRestoreFocusTarget();
  const [{ find, errors }, setUrlState] = useUrlState();
  const selectedStates = states.filter(({ id }) => selected.has(idKey(id)));
  const hidden = selectedStates.length - visible.filter(({ id }) => selected.has(idKey(id))).length;
  const total = `${pluralize(states.length, 'person', 'people')}${complete ? '' : ' so far'}`;

  async function download() {
    const { formatUserStates } = await import('./states-csv.js');
    downloadCsv(`states-${script.scriptId}.csv`, formatUserStates(script, visible));
    setDownloadFailed(false);
  }

  return (
    <div className={styles.bar}>
      <SearchBox
        aria-label="Find a person"
        placeholder="Find a person"
        className={styles.find}
        value={find}
        onChange={(_event, { value }) => void setUrlState({ find: value || null })}
      />
      <Switch
        label="Only with failures"
        checked={errors}
        onChange={(_event, { checked }) => void setUrlState({ errors: checked || null })}
      />
      <Text size={200} role="status" className={styles.count}>
        {visible.length === states.length ? total : `${formatNumber(visible.length)} of ${total}`}
      </Text>
      {fetching && <Spinner size="extra-tiny" aria-label="Loading" />}
      <span className={styles.space} />
      {onBulkUpdate && (
        <>
          <Button
            {...restoreFocus}
            icon={<EditRegular />}
            disabledFocusable={selectedStates.length === 0}
            onClick={() => onBulkUpdate(selectedStates)}
          >
            Change selected ({formatNumber(selectedStates.length)}
            {hidden > 0 && `, ${formatNumber(hidden)} hidden`})
          </Button>
          <Button {...restoreFocus} icon={<DocumentArrowUpRegular />} onClick={() => onBulkUpdate([])}>
            Import CSV
          </Button>
        </>
      )}
      <Button icon={<ArrowDownloadRegular />} onClick={() => void download().catch(() => setDownloadFailed(true))}>
        Download CSV
      </Button>
      <Button
        icon={<ArrowSyncRegular />}
        aria-label="Refresh"
        title={`Refresh (last updated at ${asOf.toLocaleTimeString('en')})`}
        onClick={onRefresh}
        disabledFocusable={fetching}
      />
      {downloadFailed && <DefectNotice />}
    </div>
  );
}
