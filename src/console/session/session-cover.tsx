import { Button, makeStyles, Text, tokens, useId, useModalAttributes } from '@fluentui/react-components';
import { useLayoutEffect, useRef } from 'react';
import { signInUrl } from '../sign-in-link.js';
import { CenteredCard } from './centered-card.js';

const useStyles = makeStyles({
  cover: {
    position: 'fixed',
    inset: 0,
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: 'none',
    height: '100%',
    maxHeight: 'none',
    margin: 0,
    padding: tokens.spacingHorizontalXXL,
    border: 'none',
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
    '&[open]': { display: 'flex' },
  },
});

/** Why the page is covered. */
export type CoverReason = 'idle' | 'absolute' | 'elsewhere' | 'unconfirmed';

const explanations = {
  idle: 'You were not active for a while.',
  absolute: 'It has reached its maximum length.',
  elsewhere: 'You may have signed out elsewhere.',
  unconfirmed: 'The time of your session is over, and the service has not been reached since. This page tries again.',
} as const satisfies Record<CoverReason, string>;

/**
 * Covers the whole page, including its dialogs, so that nobody sees its data. The page below keeps its state. A native
 * modal dialog is above everything else, and makes everything else inert.
 */
export function SessionCover({ reason }: { readonly reason: CoverReason }) {
  const styles = useStyles();
  const titleId = useId('session-cover');
  // Otherwise Fluent would return the focus to a dialog that is open below.
  const { modalAttributes } = useModalAttributes({ alwaysFocusable: true });
  const ref = useRef<HTMLDialogElement>(null);
  const isOver = reason !== 'unconfirmed';
  const title = isOver ? 'Your session has ended.' : 'Checking your session';
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // Closing it returns the focus to where it was.
    return () => dialog?.close();
  }, []);
  useLayoutEffect(() => {
    // The title can contain the name of a person.
    const before = document.title;
    document.title = 'Script states';
    return () => {
      document.title = before;
    };
  }, []);
  return (
    <dialog
      {...modalAttributes}
      ref={ref}
      role="alertdialog"
      aria-labelledby={titleId}
      className={styles.cover}
      onCancel={(event) => event.preventDefault()}
      // Some browsers close it when Escape is pressed twice.
      onClose={() => ref.current?.isConnected && ref.current.showModal()}
    >
      <CenteredCard title={title} titleId={titleId} as="h2">
        <Text>{explanations[reason]}</Text>
        {isOver && (
          <>
            <Text>Sign in again to go on. What you typed is kept in this tab.</Text>
            <Button as="a" href={signInUrl()} target="_blank" rel="noopener" appearance="primary" size="large">
              Sign in again
            </Button>
          </>
        )}
      </CenteredCard>
    </dialog>
  );
}
