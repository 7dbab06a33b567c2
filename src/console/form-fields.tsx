import { Field, Input, type InputProps } from '@fluentui/react-components';
import { type Control, Controller, type FieldPath, type FieldValues } from 'react-hook-form';
import { JustificationField } from './justification-field.js';

interface FormFieldProps<Texts extends FieldValues, Parsed> {
  readonly control: Control<Texts, unknown, Parsed>;
  readonly name: FieldPath<Texts>;
  readonly disabled?: boolean;
}

interface TextFieldProps<Texts extends FieldValues, Parsed>
  extends FormFieldProps<Texts, Parsed>,
    Pick<InputProps, 'inputMode' | 'spellCheck'> {
  readonly label: string;
  readonly hint?: string;
}

/** A line of text of a form. Its error is part of its description. */
export function TextField<Texts extends FieldValues, Parsed>(props: TextFieldProps<Texts, Parsed>) {
  const { control, name, disabled = false, label, hint = null, ...input } = props;
  return (
    <Controller
      control={control}
      name={name}
      render={({ field, fieldState }) => (
        <Field label={label} hint={hint} validationMessage={fieldState.error?.message ?? null}>
          <Input {...field} {...input} disabled={disabled} autoComplete="off" />
        </Field>
      )}
    />
  );
}

interface JustificationInputProps<Texts extends FieldValues, Parsed> extends FormFieldProps<Texts, Parsed> {
  readonly required: boolean;
}

/** The justification of a change, as a field of a form. */
export function JustificationInput<Texts extends FieldValues, Parsed>(props: JustificationInputProps<Texts, Parsed>) {
  const { control, name, ...rest } = props;
  return (
    <Controller
      control={control}
      name={name}
      render={({ field: { disabled: _disabled, ...field }, fieldState }) => (
        <JustificationField {...field} {...rest} validationMessage={fieldState.error?.message ?? null} />
      )}
    />
  );
}
