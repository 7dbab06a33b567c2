import { Button, DialogActions, DialogContent, makeStyles, Text, tokens } from '@fluentui/react-components';
import { zodResolver } from '@hookform/resolvers/zod';
import { useEffect, useId } from 'react';
import { useForm } from 'react-hook-form';
import { z } from 'zod/mini';
import { patch as patchSchema } from '../../api/inputs/user-state.js';
import { displayName } from '../display-name.js';
import { TextField } from '../form-fields.js';
import { formatList, formatNumber, pluralize } from '../format.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { countFields, parseCount, parseFields } from '../validation.js';
import type { BulkRow } from './bulk-row.js';
import { StepHeading } from './step-heading.js';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  names: { overflowWrap: 'anywhere', color: tokens.colorNeutralForeground3 },
});

/** The maximum number of names that are listed. */
const maxNames = 5;

/** The names of people: `anna@contoso.example, bert@contoso.example, and 6 more`. */
function namesText(people: readonly ScriptUserState[]): string {
  const names = people.slice(0, maxNames).map((state) => displayName(state));
  const more = people.length - names.length;
  return formatList([...names, ...(more > 0 ? [`${formatNumber(more)} more`] : [])]);
}

type CountTexts = Readonly<Record<(typeof countFields)[number][0], string>>;

const noTexts: CountTexts = { successDeviceCount: '', errorDeviceCount: '' };

const countsSchema = z.transform((texts: CountTexts, payload): BulkRow['patch'] => {
  const counts = Object.fromEntries(
    countFields.flatMap(([field]) => {
      const count = parseCount(texts[field]);
      return count === undefined ? [] : [[field, count]];
    }),
  );
  if (Object.keys(counts).length > 0) return parseFields(patchSchema, counts, [], payload) ?? {};
  const message = 'Enter a number in at least one field';
  payload.issues.push({ code: 'custom', input: texts, path: ['successDeviceCount'], message });
  return {};
});

interface CountsFormProps {
  readonly script: ScriptRef;
  readonly selected: readonly ScriptUserState[];
  /** Called with whether the form has input that closing it would lose. */
  readonly onInput: (hasInput: boolean) => void;
  readonly onStart: (rows: readonly BulkRow[]) => void;
  readonly onClose: () => void;
}

/** Sets the same counts for all selected people. */
export function CountsForm({ script, selected, onInput, onStart, onClose }: CountsFormProps) {
  const styles = useStyles();
  const id = useId();
  const { control, formState, handleSubmit } = useForm<CountTexts, unknown, BulkRow['patch']>({
    defaultValues: noTexts,
    resolver: zodResolver(countsSchema),
  });
  const { isDirty } = formState;
  useEffect(() => onInput(isDirty), [isDirty, onInput]);
  const start = handleSubmit((patch) =>
    onStart(selected.map((state) => ({ ...script, userStateId: state.id, patch }))),
  );

  return (
    <>
      <DialogContent>
        <StepHeading first>Set values for {pluralize(selected.length, 'person', 'people')}</StepHeading>
        <form id={id} className={styles.form} onSubmit={(event) => void start(event)} noValidate>
          <Text className={styles.names}>
            <Isolated>{namesText(selected)}</Isolated>
          </Text>
          <Text>An empty field keeps its current values.</Text>
          {countFields.map(([field, label]) => (
            <TextField key={field} control={control} name={field} label={label} inputMode="numeric" />
          ))}
        </form>
      </DialogContent>
      <DialogActions>
        <Button appearance="primary" type="submit" form={id}>
          Send changes
        </Button>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}
