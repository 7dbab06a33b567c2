import { makeStyles, mergeClasses, tokens, useModalAttributes } from '@fluentui/react-components';
import { type ReactNode, useLayoutEffect, useRef } from 'react';

const useStyles = makeStyles({
  dialog: { padding: 0, border: 'none', color: tokens.colorNeutralForeground1, maxWidth: 'none', maxHeight: 'none' },
});

interface ModalProps {
  readonly titleId: string;
  readonly className: string;
  /** Called when the user presses Escape; without it, Escape does nothing. */
  readonly onEscape?: () => void;
  readonly children: ReactNode;
}

/**
 * A native modal dialog, which is above everything else, Fluent's dialogs included, and makes everything else inert.
 * When it is closed, the focus returns to where it was.
 */
export function Modal({ titleId, className, onEscape, children }: ModalProps) {
  const styles = useStyles();
  // Otherwise Fluent would hide it from screen readers, and return the focus to a dialog that is open below.
  const { modalAttributes } = useModalAttributes({ trapFocus: true, alwaysFocusable: true });
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      {...modalAttributes}
      ref={ref}
      role="alertdialog"
      aria-labelledby={titleId}
      className={mergeClasses(styles.dialog, className)}
      onCancel={(event) => {
        event.preventDefault();
        onEscape?.();
      }}
      // Some browsers close it when Escape is pressed twice.
      onClose={() => ref.current?.isConnected && ref.current.showModal()}
    >
      {children}
    </dialog>
  );
}
