import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  makeStyles,
  Spinner,
  tokens,
} from '@fluentui/react-components';
import { zodResolver } from '@hookform/resolvers/zod';
import { type FormEvent, useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useCloseGuard } from '../close-guard.js';
import { DialogHeading } from '../dialog-heading.js';
import { displayName } from '../display-name.js';
import { failureOf, isOutcomeUnknown } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { JustificationInput, TextField } from '../form-fields.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { changedFields, type Draft, type DraftedChange, draftFields, draftSchema, textsOf } from './draft.js';
import { OtherChangeNotice, VerificationResult, WaitingNotice } from './edit-notices.js';
import { useFiledChange } from './use-filed-change.js';
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
  const { known, otherChange, update, verification, ...direct } = useUpdate(script, state);
  const filed = useFiledChange(script, state, onSaved);
  /** The change that was sent last. */
  const [sent, setSent] = useState<DraftedChange>();
  const { waiting, isOwn } = filed;
  // A change that was filed says more than the direct attempt before it.
  const failure = filed.failure ?? (sent?.justification === undefined ? direct.failure : undefined);
  const reason = failure?.reason;
  const needsApproval = reason === 'APPROVAL_JUSTIFICATION_REQUIRED' || reason === 'APPROVAL_PENDING';
  const { control, formState, handleSubmit, setFocus, watch } = useForm<Draft, unknown, DraftedChange>({
    resolver: zodResolver(draftSchema(known, needsApproval)),
    values: { patch: { ...textsOf(known), ...textsOf(waiting?.patch) }, justification: '' },
    // A failure can have newer values of the fields that are not edited.
    resetOptions: { keepDirtyValues: true },
  });

  const outcomeUnknown = reason !== undefined && isOutcomeUnknown(reason);
  const hasConflict = reason === 'CONFLICT' && otherChange !== undefined;
  const hasJustification = formState.dirtyFields.justification === true;
  const hasChange = changedFields(watch(), known).length > 0;
  const busy = update.isPending || verification.isPending || filed.isPending;
  const { requestClose, question } = useCloseGuard({
    hasInput: waiting === undefined && hasChange && !verification.data?.applied,
    isLocked: busy,
    onClose,
  });

  useEffect(() => {
    if (reason === 'APPROVAL_JUSTIFICATION_REQUIRED') setFocus('justification');
  }, [reason, setFocus]);

  function send(change: DraftedChange): void {
    verification.reset();
    setSent(change);
    if (change.justification === undefined) update.mutate(change, { onSuccess: onSaved });
    else filed.file(change.patch, known, change.justification);
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!busy && hasChange && waiting === undefined) void handleSubmit(send)(event);
  }
  function discard(): void {
    update.reset();
    filed.discard();
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
              {otherChange !== undefined && <OtherChangeNotice change={otherChange} hasConflict={hasConflict} />}
              {draftFields.map(([field, label]) => (
                <TextField
                  key={field}
                  control={control}
                  name={`patch.${field}`}
                  label={label}
                  inputMode={field === 'userPrincipalName' ? 'email' : 'numeric'}
                  disabled={busy || waiting !== undefined}
                />
              ))}
              {(needsApproval || hasJustification) && waiting === undefined && (
                <JustificationInput control={control} name="justification" required={needsApproval} disabled={busy} />
              )}
              {failure !== undefined && !hasConflict && !verification.isSuccess && <FailureNotice failure={failure} />}
              {waiting !== undefined && !busy && (
                <WaitingNotice waiting={waiting} job={filed.job} isOwn={isOwn} onLeave={onClose} />
              )}
              {verification.isError && <FailureNotice failure={failureOf(verification.error)} />}
              {verification.isSuccess && <VerificationResult {...verification.data} />}
            </DialogContent>
            <DialogActions fluid>
              {busy && <Spinner size="tiny" label={verification.isPending ? 'Checking' : 'Saving'} />}
              {waiting !== undefined ? (
                isOwn && (
                  <>
                    <Button appearance="primary" onClick={filed.resume} disabledFocusable={busy}>
                      Complete approved change
                    </Button>
                    <Button onClick={discard} disabledFocusable={busy}>
                      Discard and start over
                    </Button>
                  </>
                )
              ) : outcomeUnknown && !verification.isSuccess ? (
                <Button appearance="primary" disabledFocusable={busy} onClick={() => sent && verification.mutate(sent)}>
                  Check current values
                </Button>
              ) : (
                <Button type="submit" appearance="primary" disabledFocusable={busy || !hasChange}>
                  {hasConflict ? 'Apply to the new values' : failure === undefined ? 'Save' : 'Send again'}
                </Button>
              )}
              <Button onClick={requestClose} disabledFocusable={busy}>
                {verification.data?.applied || waiting !== undefined ? 'Close' : 'Cancel'}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
        {question}
      </DialogSurface>
    </Dialog>
  );
}
