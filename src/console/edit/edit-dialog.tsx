import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Spinner,
  tokens,
} from '@fluentui/react-components';
import { type FormEvent, useState } from 'react';
import { currentValuesText } from '../current-values.js';
import { displayName } from '../display-name.js';
import { failureOf, isOutcomeUnknown } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import { Isolated } from '../isolated.js';
import type { ScriptRef, ScriptUserState } from '../queries.js';
import { ApprovalFields, approvalOf, noApproval } from './approval-fields.js';
import { type Draft, draftOf, validateDraft } from './draft.js';
import { DraftFields } from './draft-fields.js';
import { useUpdate } from './use-update.js';

const useStyles = makeStyles({
  title: { overflowWrap: 'anywhere' },
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
  const [draft, setDraft] = useState<Draft>({});
  const [approvalTexts, setApprovalTexts] = useState(noApproval);
  const [submitted, setSubmitted] = useState(false);

  const outcomeUnknown = failure !== undefined && isOutcomeUnknown(failure.reason);
  const approval = approvalOf(approvalTexts);
  const needsApproval = failure?.reason === 'APPROVAL_JUSTIFICATION_REQUIRED' || failure?.reason === 'APPROVAL_PENDING';
  const { patch, problems } = validateDraft(draft, known);
  const change = awaitingApproval ?? (patch && { patch, ...(approval && { approval }) });
  const busy = update.isPending || verification.isPending;
  const code = awaitingApproval?.approval?.code;

  function send(event: FormEvent) {
    event.preventDefault();
    setSubmitted(true);
    if (busy || change === undefined) return;
    verification.reset();
    update.mutate(change, { onSuccess: onSaved });
  }
  function startOver() {
    discard();
    setApprovalTexts({ ...approvalTexts, code: '' });
    update.reset();
    verification.reset();
  }

  return (
    <Dialog
      open
      onOpenChange={(_event, { open, type }) => {
        // A click on the backdrop would lose the draft.
        if (!open && !busy && type !== 'backdropClick') onClose();
      }}
    >
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={send} noValidate>
          <DialogBody>
            <DialogTitle className={styles.title}>
              Edit <Isolated>{displayName(state)}</Isolated>
            </DialogTitle>
            <DialogContent className={styles.content}>
              <DraftFields
                draft={awaitingApproval === undefined ? draft : draftOf(awaitingApproval.patch)}
                known={known}
                problems={submitted ? problems : {}}
                disabled={busy || awaitingApproval !== undefined}
                onChange={setDraft}
              />
              {(needsApproval || approval !== undefined) && awaitingApproval === undefined && (
                <ApprovalFields texts={approvalTexts} disabled={busy} onChange={setApprovalTexts} />
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
                <Button
                  type="submit"
                  appearance="primary"
                  disabledFocusable={busy || (change === undefined && Object.keys(problems).length === 0)}
                >
                  {awaitingApproval === undefined && failure === undefined ? 'Save' : 'Send again'}
                </Button>
              )}
              {awaitingApproval !== undefined && (
                <Button onClick={startOver} disabledFocusable={busy}>
                  Discard and start over
                </Button>
              )}
              <Button onClick={onClose} disabledFocusable={busy}>
                {verification.data?.applied ? 'Close' : 'Cancel'}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
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
