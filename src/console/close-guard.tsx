import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import { type ReactNode, useRef, useState } from 'react';
import { useUnloadGuard } from './unload-guard.js';

/** The parameters of {@link useCloseGuard}. */
interface CloseGuardOptions {
  /** Whether the dialog has input that closing it would lose. */
  readonly hasInput: boolean;
  /** Whether the dialog must stay open, for example while a change is being saved. */
  readonly isLocked: boolean;
  readonly onClose: () => void;
}

/** Asks before a dialog with input is closed. */
interface CloseGuard {
  /** Closes the dialog, or asks first. */
  readonly requestClose: () => void;
  /** The question, to be rendered in the surface of the dialog. */
  readonly question: ReactNode;
}

/** Guards the input of a dialog, however it is closed: by its buttons, the Escape key, the Back button or with its tab. */
export function useCloseGuard({ hasInput, isLocked, onClose }: CloseGuardOptions): CloseGuard {
  const [isAsking, setAsking] = useState(false);
  const focused = useRef<Element>(null);
  useUnloadGuard(hasInput);

  function requestClose(): void {
    if (isLocked) return;
    if (!hasInput) onClose();
    else if (!isAsking) {
      focused.current = document.activeElement;
      setAsking(true);
    }
  }
  function keepEditing(): void {
    setAsking(false);
    // The element can be focused only after the question has been removed.
    setTimeout(() => focused.current instanceof HTMLElement && focused.current.focus());
  }

  return {
    requestClose,
    question: isAsking && <DiscardQuestion onKeep={keepEditing} onDiscard={onClose} />,
  };
}

interface DiscardQuestionProps {
  readonly onKeep: () => void;
  readonly onDiscard: () => void;
}

function DiscardQuestion({ onKeep, onDiscard }: DiscardQuestionProps) {
  return (
    <Dialog open modalType="alert" onOpenChange={(_event, { open }) => !open && onKeep()}>
      <DialogSurface backdrop={{ appearance: 'dimmed' }}>
        <DialogBody>
          <DialogTitle>Discard what you entered?</DialogTitle>
          <DialogContent>Your changes have not been saved.</DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onKeep}>
              Keep editing
            </Button>
            <Button onClick={onDiscard}>Discard</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
