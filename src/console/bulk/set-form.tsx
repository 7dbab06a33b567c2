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
import { patch as patchSchema } from '../input-schemas.js';
import { readCount } from '../parse-count.js';
import type { Script, UserState } from '../queries.js';
import { countOf, type Row } from './rows.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

const fields = [
  ['successDeviceCount', 'Devices succeeded'],
  ['errorDeviceCount', 'Devices failed'],
] as const;
type Name = (typeof fields)[number][0];

interface SetFormProps {
  readonly script: Script;
  readonly selected: readonly UserState[];
  readonly onStart: (rows: readonly Row[]) => void;
  readonly onClose: () => void;
}

/** Sets the same counts for everybody who is selected. */
export function SetForm({ script, selected, onStart, onClose }: SetFormProps) {
  const styles = useStyles();
  const form = useId();
  const [texts, setTexts] = useState<Readonly<Record<Name, string>>>({ successDeviceCount: '', errorDeviceCount: '' });
  const [messages, setMessages] = useState<Readonly<Record<string, string>>>({});

  function submit(event: FormEvent): void {
    event.preventDefault();
    const values = {
      successDeviceCount: readCount(texts.successDeviceCount),
      errorDeviceCount: readCount(texts.errorDeviceCount),
    };
    const { data: patch, error } = patchSchema.safeParse(values);
    if (patch) {
      onStart(selected.map(({ id }) => ({ ...script, userStateId: id, patch })));
      return;
    }
    const wrong = error.issues.map(({ path, message }): [Name, string] => {
      const name = fields.find(([field]) => field === path[0])?.[0];
      return name === undefined ? ['successDeviceCount', 'wants a number, or the field below does'] : [name, message];
    });
    setMessages(Object.fromEntries(wrong));
    const first = wrong[0]?.[0];
    if (first !== undefined) document.getElementById(`${form}-${first}`)?.focus();
  }

  return (
    <>
      <DialogContent>
        <StepHeading first>Set for {countOf(selected.length, 'person', 'people')}</StepHeading>
        <form id={form} className={styles.form} onSubmit={submit} noValidate>
          <Text>A field that is left empty stays as it is for everybody.</Text>
          {fields.map(([name, label]) => (
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
