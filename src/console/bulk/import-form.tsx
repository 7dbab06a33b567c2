import { useState } from 'react';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import type { BulkRow } from './bulk-row.js';
import { type ImportedText, ImportInput } from './import-input.js';
import { ImportPreview } from './import-preview.js';
import { type ParsedUpdates, parseUpdates } from './updates-csv.js';

interface ImportFormProps {
  readonly script: ScriptRef;
  readonly known: readonly ScriptUserState[];
  /** Called with whether the form has input that closing it would lose. */
  readonly onInput: (hasInput: boolean) => void;
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onClose: () => void;
}

/** Reads changes from a CSV file or from pasted lines, and shows what they change before they are sent. */
export function ImportForm({ script, known, onInput, onStart, onClose }: ImportFormProps) {
  const [text, setText] = useState<ImportedText>();
  const [updates, setUpdates] = useState<ParsedUpdates>();
  if (updates !== undefined) {
    return (
      <ImportPreview
        script={script}
        updates={updates}
        onStart={onStart}
        onBack={() => setUpdates(undefined)}
        onClose={onClose}
      />
    );
  }
  return (
    <ImportInput
      initial={text}
      parse={(csv) => parseUpdates(csv, script, known)}
      onInput={onInput}
      onParsed={(parsed, from) => {
        setText(from);
        setUpdates(parsed);
      }}
      onClose={onClose}
    />
  );
}
