import { Field, type FieldProps, Textarea } from '@fluentui/react-components';
import type { RefCallback } from 'react';

/** The maximum length that the service accepts. */
const maxLength = 1024;

interface JustificationFieldProps extends Pick<FieldProps, 'hint' | 'required' | 'validationMessage'> {
  readonly ref?: RefCallback<HTMLTextAreaElement>;
  readonly id?: string;
  readonly name?: string;
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (text: string) => void;
  readonly onBlur?: () => void;
}

/** The reason for a change, for the administrator who approves it. */
export function JustificationField(props: JustificationFieldProps) {
  const { hint = defaultHint, required = false, validationMessage = null, onChange, ...textarea } = props;
  return (
    <Field label="Justification" hint={hint} required={required} validationMessage={validationMessage}>
      <Textarea {...textarea} maxLength={maxLength} onChange={(_event, { value }) => onChange(value)} />
    </Field>
  );
}

const defaultHint = 'Explain why the change is needed. The administrator who approves it reads this.';
