import { Field, Input, Textarea } from '@fluentui/react-components';
import type { UserState } from '../queries.js';
import { type Draft, type DraftField, draftFields, textOf } from './draft.js';

interface DraftFieldsProps {
  readonly draft: Draft;
  /** What is there: what an untouched field shows. */
  readonly known: UserState;
  readonly problems: Partial<Record<DraftField, string>>;
  readonly disabled: boolean;
  readonly onChange: (draft: Draft) => void;
}

/** The fields of a user state. */
export function DraftFields({ draft, known, problems, disabled, onChange }: DraftFieldsProps) {
  return draftFields.map(([field, label]) => {
    const problem = problems[field];
    return (
      <Field key={field} label={label} {...(problem !== undefined && { validationMessage: problem })}>
        <Input
          value={textOf(field, draft, known)}
          disabled={disabled}
          inputMode={field === 'userPrincipalName' ? 'email' : 'numeric'}
          autoComplete="off"
          onChange={(_event, { value }) => onChange({ ...draft, [field]: value })}
        />
      </Field>
    );
  });
}

interface JustificationProps {
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (text: string) => void;
}

/** Why a change is needed, for whoever has to approve it. */
export function Justification({ value, disabled, onChange }: JustificationProps) {
  return (
    <Field label="Justification" hint="The second administrator reads it.">
      <Textarea value={value} disabled={disabled} maxLength={1024} onChange={(_event, data) => onChange(data.value)} />
    </Field>
  );
}
