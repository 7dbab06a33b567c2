import {
  Button,
  DialogActions,
  DialogContent,
  Field,
  Input,
  makeStyles,
  Text,
  tokens,
} from '@fluentui/react-components';
import { type FormEvent, useId, useState } from 'react';
import { patch as patchSchema } from '../../api/inputs/user-state.js';
import { pluralize } from '../format.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { countFields, fieldMessage, parseCount } from '../validation.js';
import type { BulkRow } from './bulk-row.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

type FieldName = (typeof countFields)[number][0];

interface CountsFormProps {
  readonly script: ScriptRef;
  readonly selected: readonly ScriptUserState[];
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onClose: () => void;
}

/** Sets the same counts for all selected people. */
export function CountsForm({ script, selected, onStart, onClose }: CountsFormProps) {
  const styles = useStyles();
  const form = useId();
  const [texts, setTexts] = useState<Readonly<Record<FieldName, string>>>({
    successDeviceCount: '',
    errorDeviceCount: '',
  });
  const [messages, setMessages] = useState<Readonly<Record<string, string>>>({});

  function submit(event: FormEvent): void {
    event.preventDefault();
    const values = {
      successDeviceCount: parseCount(texts.successDeviceCount),
      errorDeviceCount: parseCount(texts.errorDeviceCount),
    };
    const { data: patch, error } = patchSchema.safeParse(values);
    if (patch) {
      onStart(selected.map(({ id }) => ({ ...script, userStateId: id, patch })));
      return;
    }
    const problems = error.issues.map(({ path, message }): [FieldName, string] => {
      const name = countFields.find(([field]) => field === path[0])?.[0];
      return name === undefined
        ? ['successDeviceCount', 'Enter a number in at least one field']
        : [name, fieldMessage(values[name], message)];
    });
    setMessages(Object.fromEntries(problems));
    const first = problems[0]?.[0];
    if (first !== undefined) document.getElementById(`${form}-${first}`)?.focus();
  }

  return (
    <>
      <DialogContent>
        <StepHeading first>Set values for {pluralize(selected.length, 'person', 'people')}</StepHeading>
        <form id={form} className={styles.form} onSubmit={submit} noValidate>
          <Text>An empty field keeps its current values.</Text>
          {countFields.map(([name, label]) => (
            <Field key={name} label={label} validationMessage={messages[name] ?? null}>
              <Input
                id={`${form}-${name}`}
                inputMode="numeric"
                autoComplete="off"
                value={texts[name]}
                onChange={(_event, { value }) => {
                  setTexts({ ...texts, [name]: value });
                  setMessages({});
                }}
              />
            </Field>
          ))}
        </form>
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" type="submit" form={form}>
          Start
        </Button>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}
