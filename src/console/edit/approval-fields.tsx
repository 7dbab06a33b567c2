import { Field, Input } from '@fluentui/react-components';
import { JustificationField } from '../justification-field.js';
import type { Change } from '../local-changes.js';

/** The texts of the fields. At most one of them is sent. */
interface ApprovalTexts {
  readonly justification: string;
  readonly code: string;
}

/** The texts before an approval is needed. */
export const noApproval: ApprovalTexts = { justification: '', code: '' };

/** The approval to send: the code of an approved change, or a justification to file the change. */
export function approvalOf({ justification, code }: ApprovalTexts): Change['approval'] {
  if (code.trim() !== '') return { code: code.trim() };
  return justification.trim() === '' ? undefined : { justification: justification.trim() };
}

interface ApprovalFieldsProps {
  readonly texts: ApprovalTexts;
  readonly disabled: boolean;
  readonly onChange: (texts: ApprovalTexts) => void;
}

/** The fields with which a change is filed for approval, or completed after it has been approved. */
export function ApprovalFields({ texts, disabled, onChange }: ApprovalFieldsProps) {
  const { justification, code } = texts;
  return (
    <>
      <JustificationField
        hint="Files the change for approval. The second administrator reads it."
        value={justification}
        disabled={disabled || code.trim() !== ''}
        onChange={(text) => onChange({ ...texts, justification: text })}
      />
      <Field
        label="Code of an approved request"
        hint="Only if you filed exactly this change earlier. The code completes it and replaces the justification."
      >
        <Input
          value={code}
          disabled={disabled}
          autoComplete="off"
          spellCheck={false}
          onChange={(_event, { value }) => onChange({ ...texts, code: value })}
        />
      </Field>
    </>
  );
}
