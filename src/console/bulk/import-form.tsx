import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  makeStyles,
  Text,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { type ChangeEvent, useRef, useState } from 'react';
import { Isolated } from '../isolated.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import type { BulkRow } from './bulk-row.js';
import { ImportPreview } from './import-preview.js';
import { StepHeading } from './step-heading.js';
import { readTextFile } from './text-file.js';
import { type ParsedUpdates, parseUpdates } from './updates-csv.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  file: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  lines: { fontFamily: tokens.fontFamilyMonospace, whiteSpace: 'pre' },
});

interface ImportFormProps {
  readonly script: ScriptRef;
  readonly known: readonly ScriptUserState[];
  /** Called with whether the form has input that closing it would lose. */
  readonly onInput: (hasInput: boolean) => void;
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onClose: () => void;
}

/** Reads changes from a CSV file or from pasted lines. Nothing can be sent until all lines are valid. */
export function ImportForm({ script, known, onInput, onStart, onClose }: ImportFormProps) {
  const styles = useStyles();
  const fileInput = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<{ readonly name: string; readonly text: string }>();
  const [pasted, setPasted] = useState('');
  const [fileError, setFileError] = useState<string>();
  const [updates, setUpdates] = useState<ParsedUpdates>();

  function setInput(chosen: typeof file, text: string): void {
    setFile(chosen);
    setPasted(text);
    setFileError(undefined);
    setUpdates(undefined);
    onInput(text !== '' || chosen !== undefined);
  }

  async function choose({ target }: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [chosen] = target.files ?? [];
    if (chosen === undefined) return;
    try {
      setInput({ name: chosen.name, text: await readTextFile(chosen) }, '');
    } catch (thrown) {
      setInput(undefined, '');
      setFileError(thrown instanceof Error ? thrown.message : String(thrown));
    }
    // Otherwise choosing the same file again would not fire an event.
    target.value = '';
  }

  const text = file?.text ?? pasted;
  const isValid = updates !== undefined && updates.problems.length === 0;
  const rows = isValid ? updates.rows : [];

  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading first>Import changes from CSV</StepHeading>
        <Text>
          The first line names the columns; every other line is one change. The userStateId column is required. Put new
          values in userPrincipalName, successDeviceCount and errorDeviceCount; an empty cell keeps the current value.
          Use scriptKind and scriptId for scripts other than the open one. You can start from the file of “Download
          CSV”, or correct and import a file of “Download failures”.
        </Text>
        <div className={styles.file}>
          <input ref={fileInput} type="file" accept=".csv" hidden onChange={(event) => void choose(event)} />
          <Button onClick={() => fileInput.current?.click()}>Choose file</Button>
          <Text role="status">
            {file && (
              <>
                Selected: <Isolated>{file.name}</Isolated>
              </>
            )}
          </Text>
        </div>
        <Field label="CSV lines" hint="Instead of choosing a file, paste lines here.">
          <Textarea
            textarea={{ className: styles.lines }}
            rows={6}
            resize="vertical"
            spellCheck={false}
            value={pasted}
            onChange={(_event, { value }) => setInput(undefined, value)}
          />
        </Field>
        <ImportPreview script={script} updates={updates} fileError={fileError} />
      </DialogContent>
      <DialogActions>
        <Button
          appearance={rows.length > 0 ? 'secondary' : 'primary'}
          disabledFocusable={text.trim() === ''}
          onClick={() => setUpdates(parseUpdates(text, script, known))}
        >
          Check
        </Button>
        {rows.length > 0 && (
          <Button appearance="primary" onClick={() => onStart(rows)}>
            Start
          </Button>
        )}
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}
