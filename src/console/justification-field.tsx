import { Field, type FieldProps, Textarea } from '@fluentui/react-components';

/** The maximum length that the service accepts. */
const maxLength = 1024;

interface JustificationFieldProps extends Pick<FieldProps, 'hint' | 'required' | 'validationMessage'> {
  readonly id?: string;
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (text: string) => void;
}

/** The reason for a change, for the administrator who approves it. */
export function JustificationField({ id, value, disabled, onChange, ...field }: JustificationFieldProps) {
  return (
    <Field {...field} label="Justification">
      <Textarea
        id={id}
        value={value}
        disabled={disabled}
        maxLength={maxLength}
        onChange={(_event, data) => onChange(data.value)}
      />
    </Field>
  );
}
