import { Button, makeStyles, tokens, useRestoreFocusTarget } from '@fluentui/react-components';
import { ArrowDownloadRegular, DocumentArrowUpRegular, EditRegular } from '@fluentui/react-icons';
import type { RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';
import { narrowScreen } from '../breakpoint.js';
import { downloadCsv } from '../csv/csv-download.js';
import { DefectNotice } from '../error-boundary.js';
import { FindBox } from '../find-box.js';
import { formatNumber } from '../format.js';
import { idKey } from '../ids.js';
import type { ScriptRef, ScriptSummary, ScriptUserState } from '../queries.js';
import { useUrlState } from '../url-state.js';
import { ColumnMenu } from './column-menu.js';
import { ListStatus } from './list-status.js';
import { addressOfOutcome, outcomeFilterOf } from './outcome-filters.js';
import { OutcomeSelect } from './outcome-select.js';
import { ReasonsDownload } from './reasons-download.js';
import { ToolbarButton } from './toolbar-button.js';
import type { VisibleState } from './visible-states.js';

const useStyles = makeStyles({
  container: { containerType: 'inline-size' },
  bar: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  find: { width: 'auto', flex: '0 1 200px', minWidth: '130px', [narrowScreen]: { flexGrow: 1 } },
  space: { flexGrow: 1 },
});

interface StateFiltersProps {
  readonly script: ScriptRef;
  readonly summary: ScriptSummary | undefined;
  readonly states: readonly VisibleState[];
  /** The states that match the filters. */
  readonly visible: readonly VisibleState[];
  readonly selection: RowSelectionState;
  readonly complete: boolean;
  readonly fetching: boolean;
  readonly asOf: Date;
  readonly onRefresh: () => void;
  readonly hiddenColumns: ReadonlySet<string>;
  readonly onHideColumns: (hidden: ReadonlySet<string>) => void;
  /** Opens the bulk dialog for the given states, or for an import if there are none; undefined for readers. */
  readonly onBulkUpdate: ((selected: readonly ScriptUserState[]) => void) | undefined;
}

/** The filters of the state table, and the actions on it. */
export function StateFilters(props: StateFiltersProps) {
  const { script, summary, states, visible, selection, complete, onBulkUpdate } = props;
  const styles = useStyles();
  const [downloadFailed, setDownloadFailed] = useState(false);
  const restoreFocus = useRestoreFocusTarget();
  const [{ find, errors, outcome }, setUrlState] = useUrlState();
  const isSelected = ({ id }: VisibleState) => selection[idKey(id)] === true;
  const selected = states.filter(isSelected);
  const hidden = selected.length - visible.filter(isSelected).length;

  async function download() {
    const { formatUserStates } = await import('./states-csv.js');
    downloadCsv(`states-${script.scriptId}.csv`, formatUserStates(script, visible, summary));
    setDownloadFailed(false);
  }

  return (
    <div className={styles.container}>
      <div className={styles.bar}>
        <FindBox
          label="Find a person"
          className={styles.find}
          value={find}
          onChange={(text) => void setUrlState({ find: text || null })}
        />
        <OutcomeSelect
          states={states}
          value={outcomeFilterOf({ errors, outcome })}
          onChange={(filter) => void setUrlState(addressOfOutcome(filter))}
        />
        <ListStatus
          total={states.length}
          shown={visible.length}
          complete={complete}
          fetching={props.fetching}
          asOf={props.asOf}
          onRefresh={props.onRefresh}
        />
        <span className={styles.space} />
        {onBulkUpdate && (
          <>
            <Button
              {...restoreFocus}
              icon={<EditRegular />}
              disabledFocusable={selected.length === 0}
              onClick={() => onBulkUpdate(selected)}
            >
              Change selected ({formatNumber(selected.length)}
              {hidden > 0 && `, ${formatNumber(hidden)} hidden`})
            </Button>
            <ToolbarButton
              {...restoreFocus}
              icon={<DocumentArrowUpRegular />}
              label="Import CSV"
              onPress={() => onBulkUpdate([])}
            />
          </>
        )}
        <ToolbarButton
          icon={<ArrowDownloadRegular />}
          label="Download CSV"
          hint={complete ? undefined : 'You can download the list after all of it has loaded.'}
          disabledFocusable={!complete}
          onPress={() => void download().catch(() => setDownloadFailed(true))}
        />
        <ReasonsDownload
          script={script}
          summary={summary}
          people={states}
          states={visible}
          asOf={props.asOf}
          complete={complete}
        />
        <ColumnMenu hidden={props.hiddenColumns} onChange={props.onHideColumns} />
        {downloadFailed && <DefectNotice />}
      </div>
    </div>
  );
}
