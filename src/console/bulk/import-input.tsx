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
import { zodResolver } from '@hookform/resolvers/zod';
import { type ChangeEvent, useEffect, useId, useRef, useState } from 'react';
import { Controller, useForm } from 'react-hook-form';
import { z } from 'zod/mini';
import type { CsvProblem } from '../csv/csv-reader.js';
import { pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import { ImportProblems } from './import-problems.js';
import { StepHeading } from './step-heading.js';
import { readTextFile } from './text-file.js';
import type { ParsedUpdates } from './updates-csv.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  file: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  fileError: { color: tokens.colorPaletteRedForeground1 },
  lines: { fontFamily: tokens.fontFamilyMonospace, whiteSpace: 'pre' },
});

/** The text to import: that of a file, or pasted lines. */
export interface ImportedText {
  readonly file: { readonly name: string; readonly text: string } | undefined;
  readonly pasted: string;
}

const noText: ImportedText = { file: undefined, pasted: '' };

const textSchema = z.transform(({ file, pasted }: ImportedText, payload): string => {
  const text = file?.text ?? pasted;
  if (text.trim() === '') {
    const path = [file === undefined ? 'pasted' : 'file'];
    const message = file === undefined ? 'Choose a file, or paste lines here' : 'The file is empty';
    payload.issues.push({ code: 'custom', input: text, path, message });
  }
  return text;
});

interface ImportInputProps {
  /** The text of an earlier attempt. */
  readonly initial: ImportedText | undefined;
  readonly parse: (text: string) => ParsedUpdates;
  readonly onInput: (hasInput: boolean) => void;
  /** Called when all lines are valid. */
  readonly onParsed: (updates: ParsedUpdates, from: ImportedText) => void;
  readonly onClose: () => void;
}

/** The first step of an import: its text. It ends when all lines are valid. */
export function ImportInput({ initial, parse, onInput, onParsed, onClose }: ImportInputProps) {
  const styles = useStyles();
  const id = useId();
  const fileInput = useRef<HTMLInputElement>(null);
  const [problems, setProblems] = useState<readonly CsvProblem[]>([]);
  const { control, clearErrors, getValues, handleSubmit, setError, setValue, watch } = useForm<
    ImportedText,
    unknown,
    string
  >({ defaultValues: initial ?? noText, resolver: zodResolver(textSchema), reValidateMode: 'onSubmit' });
  const { file, pasted } = watch();
  const hasInput = file !== undefined || pasted !== '';
  useEffect(() => onInput(hasInput), [hasInput, onInput]);

  /** Replaces the text, and clears the problems of the previous one. */
  function setText(text: ImportedText): void {
    setValue('file', text.file);
    setValue('pasted', text.pasted);
    setProblems([]);
    clearErrors();
  }

  async function choose({ target }: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [chosen] = target.files ?? [];
    if (chosen === undefined) return;
    try {
      setText({ file: { name: chosen.name, text: await readTextFile(chosen) }, pasted: '' });
    } catch (thrown) {
      setText(noText);
      setError('file', { message: thrown instanceof Error ? thrown.message : String(thrown) }, { shouldFocus: true });
    }
    // Otherwise choosing the same file again would not fire an event.
    target.value = '';
  }

  const check = handleSubmit((text) => {
    const updates = parse(text);
    setProblems(updates.problems);
    const count = updates.problems.length;
    if (count === 0) {
      onParsed(updates, getValues());
      return;
    }
    const message = `${pluralize(count, 'problem', 'problems')}. Correct the lines, then try again.`;
    setError(file === undefined ? 'pasted' : 'file', { message }, { shouldFocus: true });
  });

  return (
    <>
      <DialogContent>
        <form id={id} className={styles.content} onSubmit={(event) => void check(event)} noValidate>
          <StepHeading first={initial === undefined}>Import changes from CSV</StepHeading>
          <Text>
            The first line names the columns; every other line is one change. The userStateId column is required. Put
            new values in successDeviceCount and errorDeviceCount; an empty cell keeps the current value. A name in
            userPrincipalName confirms that the line is about the right person. Lines for other scripts need scriptKind
            and scriptId. You can start from the file of “Download CSV”, or correct and import a file of “Download
            results”.
          </Text>
          <Controller
            control={control}
            name="file"
            render={({ field, fieldState: { error } }) => (
              <div>
                <div className={styles.file}>
                  <input
                    ref={fileInput}
                    type="file"
                    accept=".csv,.txt,.tsv,text/csv,text/plain"
                    hidden
                    onChange={(event) => void choose(event)}
                  />
                  <Button
                    ref={field.ref}
                    aria-describedby={error && `${id}-file`}
                    onClick={() => fileInput.current?.click()}
                  >
                    Choose file
                  </Button>
                  <Text role="status">
                    {file && (
                      <>
                        Selected: <Isolated>{file.name}</Isolated>
                      </>
                    )}
                  </Text>
                </div>
                <div id={`${id}-file`} role="alert" className={styles.fileError}>
                  {error?.message}
                </div>
              </div>
            )}
          />
          <Controller
            control={control}
            name="pasted"
            render={({ field: { onChange: _onChange, ...field }, fieldState: { error } }) => (
              <Field
                label="CSV lines"
                hint="Instead of choosing a file, paste lines here."
                validationMessage={error?.message ?? null}
              >
                <Textarea
                  {...field}
                  textarea={{ className: styles.lines }}
                  rows={6}
                  resize="vertical"
                  spellCheck={false}
                  onChange={(_event, { value }) => setText({ file: undefined, pasted: value })}
                />
              </Field>
            )}
          />
          <ImportProblems problems={problems} />
        </form>
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" type="submit" form={id}>
          Preview changes
        </Button>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}
