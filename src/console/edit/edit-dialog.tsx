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
import { failureOf, leavesUnknown } from '../failure.js';
import { FailureNotice } from '../failure-notice.js';
import type { Script, UserState } from '../queries.js';
import { nameOf } from '../states/shown-states.js';
import { checkDraft, type Draft, textsOf } from './draft.js';
import { DraftFields, Justification } from './fields.js';
import { useUpdate } from './use-update.js';

const useStyles = makeStyles({
  title: { overflowWrap: 'anywhere' },
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface EditDialogProps {
  readonly script: Script;
  readonly state: UserState;
  readonly onClose: () => void;
  readonly onSaved: (state: UserState) => void;
}

/** Changes one person's state, and sees the change through: refusals, approval, and outcomes that nobody knows. */
export function EditDialog({ script, state, onClose, onSaved }: EditDialogProps) {
  const styles = useStyles();
  const { known, update, look, waiting, forget } = useUpdate(script, state);
  const [draft, setDraft] = useState<Draft>({});
  const [justification, setJustification] = useState('');
  const [tried, setTried] = useState(false);

  const failure = update.isError ? failureOf(update.error, true) : undefined;
  const unknown = failure !== undefined && leavesUnknown(failure.reason);
  const mustJustify = failure?.reason === 'APPROVAL_JUSTIFICATION_REQUIRED';
  const { patch, problems } = checkDraft(draft, known);
  const reason = justification.trim();
  const change = waiting ?? (patch && { patch, ...(reason !== '' && { approval: { justification: reason } }) });
  const busy = update.isPending || look.isPending;
  const code = waiting?.approval?.code;

  function send(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (busy || change === undefined) return;
    look.reset();
    update.mutate(change, { onSuccess: onSaved });
  }
  function startAnew() {
    forget();
    update.reset();
    look.reset();
  }

  return (
    <Dialog
      open
      onOpenChange={(_event, { open, type }) => {
        // What was typed is not lost by a click beside it.
        if (!open && !busy && type !== 'backdropClick') onClose();
      }}
    >
      <DialogSurface aria-describedby={undefined}>
        <form onSubmit={send} noValidate>
          <DialogBody>
            <DialogTitle className={styles.title}>Edit {nameOf(state)}</DialogTitle>
            <DialogContent className={styles.content}>
              <DraftFields
                draft={waiting === undefined ? draft : textsOf(waiting.patch)}
                known={known}
                problems={tried ? problems : {}}
                disabled={busy || waiting !== undefined}
                onChange={setDraft}
              />
              {(mustJustify || justification !== '') && waiting === undefined && (
                <Justification value={justification} disabled={busy} onChange={setJustification} />
              )}
              {failure !== undefined && !look.isSuccess && <FailureNotice failure={failure} />}
              {failure === undefined && code !== undefined && !busy && <FailureNotice failure={waitingFailure(code)} />}
              {look.isError && <FailureNotice failure={failureOf(look.error)} />}
              {look.isSuccess && <Looked state={look.data.found} made={look.data.made} />}
            </DialogContent>
            <DialogActions fluid>
              {busy && <Spinner size="tiny" label={look.isPending ? 'Looking' : 'Saving'} />}
              {unknown && !look.isSuccess ? (
                <Button
                  appearance="primary"
                  disabledFocusable={busy}
                  onClick={() => update.variables && look.mutate(update.variables)}
                >
                  Look again
                </Button>
              ) : (
                <Button
                  type="submit"
                  appearance="primary"
                  disabledFocusable={busy || (change === undefined && Object.keys(problems).length === 0)}
                >
                  {waiting === undefined && failure === undefined ? 'Save' : 'Send again'}
                </Button>
              )}
              {waiting !== undefined && (
                <Button onClick={startAnew} disabledFocusable={busy}>
                  Start anew
                </Button>
              )}
              <Button onClick={onClose} disabledFocusable={busy}>
                {look.data?.made ? 'Close' : 'Cancel'}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

/** A change that was queued earlier, when its dialog is opened again. */
const waitingFailure = (approvalCode: string) => ({
  reason: 'APPROVAL_PENDING' as const,
  title: 'This change waits for a second administrator',
  next: 'Once it is approved, send it again.',
  approvalCode,
});

/** What was found after an outcome that nobody knew. */
function Looked({ state, made }: { readonly state: UserState; readonly made: boolean }) {
  const { successDeviceCount, errorDeviceCount } = state;
  return (
    <MessageBar intent={made ? 'success' : 'info'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{made ? 'The change is there' : 'The change is not there'}</MessageBarTitle>
        Microsoft Graph has {successDeviceCount.toLocaleString('en')} succeeded and{' '}
        {errorDeviceCount.toLocaleString('en')} failed.{' '}
        {made ? 'Nothing is left to do.' : 'It may still arrive; you can send it again.'}
      </MessageBarBody>
    </MessageBar>
  );
}
