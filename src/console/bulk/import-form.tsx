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
import type { Script, UserState } from '../queries.js';
import { parseUpdates, type Updates } from './csv-parse.js';
import { ImportCheck } from './import-check.js';
import { readFile } from './read-file.js';
import type { Row } from './rows.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  file: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  lines: { fontFamily: tokens.fontFamilyMonospace, whiteSpace: 'pre' },
});

interface ImportFormProps {
  readonly script: Script;
  readonly known: readonly UserState[];
  /** Tells whether there is anything that could be lost. */
  readonly onLines: (has: boolean) => void;
  readonly onStart: (rows: readonly Row[]) => void;
  readonly onClose: () => void;
}

/** Takes changes from a file or from what is pasted, and lets nothing be sent until every line is right. */
export function ImportForm({ script, known, onLines, onStart, onClose }: ImportFormProps) {
  const styles = useStyles();
  const chooser = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<{ readonly name: string; readonly text: string }>();
  const [pasted, setPasted] = useState('');
  const [unreadable, setUnreadable] = useState<string>();
  const [updates, setUpdates] = useState<Updates>();

  function take(chosen: typeof file, text: string): void {
    setFile(chosen);
    setPasted(text);
    setUnreadable(undefined);
    setUpdates(undefined);
    onLines(text !== '' || chosen !== undefined);
  }

  async function choose({ target }: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [chosen] = target.files ?? [];
    if (chosen === undefined) return;
    try {
      take({ name: chosen.name, text: await readFile(chosen) }, '');
    } catch (thrown) {
      take(undefined, '');
      setUnreadable(thrown instanceof Error ? thrown.message : String(thrown));
    }
    // The same file, once mended, can be chosen again.
    target.value = '';
  }

  const text = file?.text ?? pasted;
  const isRight = updates !== undefined && updates.problems.length === 0;
  const rows = isRight ? updates.rows : [];

  return (
    <>
      <DialogContent className={styles.content}>
        <StepHeading first>Changes from CSV</StepHeading>
        <Text>
          The first line names the columns, every other line is one change. Wanted is userStateId. What to set goes into
          userPrincipalName, successDeviceCount and errorDeviceCount; an empty cell leaves the value as it is. With
          scriptKind and scriptId a line is about another script than the open one. The file of “Download CSV” is a good
          one to start from, and a file of failures can be mended and sent again.
        </Text>
        <div className={styles.file}>
          <input ref={chooser} type="file" accept=".csv" hidden onChange={(event) => void choose(event)} />
          <Button onClick={() => chooser.current?.click()}>Choose a file</Button>
          <Text role="status">{file && `${file.name} is chosen`}</Text>
        </div>
        <Field label="CSV lines" hint="Paste them here instead of choosing a file.">
          <Textarea
            textarea={{ className: styles.lines }}
            rows={6}
            resize="vertical"
            spellCheck={false}
            value={pasted}
            onChange={(_event, { value }) => take(undefined, value)}
          />
        </Field>
        <ImportCheck script={script} updates={updates} unreadable={unreadable} />
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
