import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  tokens,
} from '@fluentui/react-components';
import { zodResolver } from '@hookform/resolvers/zod';
import { type FormEvent, useEffect } from 'react';
import { useForm } from 'react-hook-form';
import { useCloseGuard } from '../close-guard.js';
import { currentValuesText } from '../current-values.js';
import { DialogHeading } from '../dialog-heading.js';
import { displayName } from '../display-name.js';
import { failureOf, isOutcomeUnknown } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { TextField } from '../form-fields.js';
import { Isolated } from '../isolated.js';
import type { Change } from '../local-changes.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { ApprovalFields } from './approval-fields.js';
import { changedFields, type Draft, draftFields, draftSchema, textsOf } from './draft.js';
import { useUpdate } from './use-update.js';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface EditDialogProps {
  readonly script: ScriptRef;
  readonly state: ScriptUserState;
  readonly onClose: () => void;
  readonly onSaved: (state: ScriptUserState) => void;
}

/** Edits the state of one person, including rejections, approval, and updates whose outcome is unknown. */
export function EditDialog({ script, state, onClose, onSaved }: EditDialogProps) {
  const styles = useStyles();
  const { known, update, failure, verification, awaitingApproval, discard } = useUpdate(script, state);
  const reason = failure?.reason;
  const needsApproval = reason === 'APPROVAL_JUSTIFICATION_REQUIRED' || reason === 'APPROVAL_PENDING';
  const { control, formState, handleSubmit, setFocus, setValue, watch } = useForm<Draft, unknown, Change>({
    resolver: zodResolver(draftSchema(known, needsApproval)),
    values: {
      patch: { ...textsOf(known), ...textsOf(awaitingApproval?.patch) },
      approval: { justification: '', code: '' },
    },
    // A failure can have newer values of the fields that are not edited.
    resetOptions: { keepDirtyValues: true },
  });
  const { approval: typedApproval = {} } = formState.dirtyFields;

  const outcomeUnknown = reason !== undefined && isOutcomeUnknown(reason);
  const hasApproval = Object.values(typedApproval).includes(true);
  const hasChange = awaitingApproval !== undefined || changedFields(watch(), known).length > 0;
  const busy = update.isPending || verification.isPending;
  const code = awaitingApproval?.approval.code;
  const { requestClose, question } = useCloseGuard({
    hasInput: awaitingApproval === undefined && hasChange,
    isLocked: busy,
    onClose,
  });

  useEffect(() => {
    if (reason === 'APPROVAL_JUSTIFICATION_REQUIRED') setFocus('approval.justification');
  }, [reason, setFocus]);

  function send(change: Change): void {
    verification.reset();
    update.mutate(change, { onSuccess: onSaved });
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (busy || !hasChange) return;
    if (awaitingApproval === undefined) void handleSubmit(send)(event);
    else send(awaitingApproval);
  }
  function startOver(): void {
    discard();
    setValue('approval.code', '', { shouldDirty: true });
    update.reset();
    verification.reset();
  }

  return (
    <Dialog
      open
      onOpenChange={(_event, { open, type }) => {
        if (!open && type !== 'backdropClick') requestClose();
      }}
    >
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={submit} noValidate>
          <DialogBody>
            <DialogHeading script={script}>
              Edit <Isolated>{displayName(state)}</Isolated>
            </DialogHeading>
            <DialogContent className={styles.content}>
              {draftFields.map(([field, label]) => (
                <TextField
                  key={field}
                  control={control}
                  name={`patch.${field}`}
                  label={label}
                  inputMode={field === 'userPrincipalName' ? 'email' : 'numeric'}
                  disabled={busy || awaitingApproval !== undefined}
                />
              ))}
              {(needsApproval || hasApproval) && awaitingApproval === undefined && (
                <ApprovalFields control={control} required={needsApproval} disabled={busy} />
              )}
              {failure !== undefined && !verification.isSuccess && <FailureNotice failure={failure} />}
              {failure === undefined && code !== undefined && !busy && (
                <FailureNotice failure={approvalPendingNotice(code)} />
              )}
              {verification.isError && <FailureNotice failure={failureOf(verification.error)} />}
              {verification.isSuccess && <VerificationResult {...verification.data} />}
            </DialogContent>
            <DialogActions fluid>
              {busy && <Spinner size="tiny" label={verification.isPending ? 'Checking' : 'Saving'} />}
              {outcomeUnknown && !verification.isSuccess ? (
                <Button
                  appearance="primary"
                  disabledFocusable={busy}
                  onClick={() => update.variables && verification.mutate(update.variables)}
                >
                  Check again
                </Button>
              ) : (
                <Button type="submit" appearance="primary" disabledFocusable={busy || !hasChange}>
                  {awaitingApproval === undefined && failure === undefined ? 'Save' : 'Send again'}
                </Button>
              )}
              {awaitingApproval !== undefined && (
                <Button onClick={startOver} disabledFocusable={busy}>
                  Discard and start over
                </Button>
              )}
              <Button onClick={requestClose} disabledFocusable={busy}>
                {verification.data?.applied ? 'Close' : 'Cancel'}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
        {question}
      </DialogSurface>
    </Dialog>
  );
}

/** The notice for a change that already awaits approval when its dialog is opened. */
const approvalPendingNotice = (approvalCode: string) => ({
  reason: 'APPROVAL_PENDING' as const,
  title: 'This change is waiting for approval',
  next: 'After a second administrator approves it, send it again. Discard this request to make a different change.',
  approvalCode,
});

interface VerificationResultProps {
  readonly current: ScriptUserState;
  readonly applied: boolean;
}

/** Reports whether a change with an unknown outcome was applied. */
function VerificationResult({ current, applied }: VerificationResultProps) {
  return (
    <MessageBar intent={applied ? 'success' : 'info'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{applied ? 'The change was applied' : 'The change has not been applied'}</MessageBarTitle>
        {currentValuesText(current)}{' '}
        {applied ? 'No further action is needed.' : 'It may still be applied; you can send it again.'}
      </MessageBarBody>
    </MessageBar>
  );
}
