import { Field, Input } from '@fluentui/react-components';
import type { ScriptUserState } from '../queries.js';
import { type Draft, type DraftField, draftFields, textOf } from './draft.js';

interface DraftFieldsProps {
  readonly draft: Draft;
  /** The current values, shown by fields that are not edited. */
  readonly known: ScriptUserState;
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
