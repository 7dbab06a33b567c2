import { type Control, useWatch } from 'react-hook-form';
import { JustificationInput, TextField } from '../form-fields.js';
import type { Change } from '../local-changes.js';
import type { Draft } from './draft.js';

interface ApprovalFieldsProps {
  readonly control: Control<Draft, unknown, Change>;
  readonly required: boolean;
  readonly disabled: boolean;
}

/** The fields with which a change is filed for approval, or completed after it has been approved. */
export function ApprovalFields({ control, required, disabled }: ApprovalFieldsProps) {
  const hasCode = useWatch({ control, name: 'approval.code' }).trim() !== '';
  return (
    <>
      <JustificationInput
        control={control}
        name="approval.justification"
        required={required && !hasCode}
        disabled={disabled || hasCode}
      />
      <TextField
        control={control}
        name="approval.code"
        label="Code of an approved request"
        hint="Only if you filed exactly this change earlier. The code completes it and replaces the justification."
        disabled={disabled}
        spellCheck={false}
      />
    </>
  );
}
