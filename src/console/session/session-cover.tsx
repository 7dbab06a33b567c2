import { Button, makeStyles, Text, tokens, useId } from '@fluentui/react-components';
import { useLayoutEffect } from 'react';
import { signInUrl } from '../sign-in-link.js';
import { CenteredCard } from './centered-card.js';
import { Modal } from './modal.js';

const useStyles = makeStyles({
  cover: {
    position: 'fixed',
    inset: 0,
    boxSizing: 'border-box',
    width: '100%',
    height: '100%',
    margin: 0,
    padding: tokens.spacingHorizontalXXL,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground2,
    '&[open]': { display: 'flex' },
  },
});

/** Why the page is covered. */
export type CoverReason = 'idle' | 'absolute' | 'elsewhere' | 'unconfirmed';

const explanations = {
  idle: 'You were inactive for too long.',
  absolute: 'It has reached its maximum length.',
  elsewhere: 'You may have signed out elsewhere.',
  unconfirmed: 'Your session was due to end, and the service is unreachable. This page retries automatically.',
} as const satisfies Record<CoverReason, string>;

/** Covers the whole page so that nobody sees its data. The page below keeps its state. */
export function SessionCover({ reason }: { readonly reason: CoverReason }) {
  const styles = useStyles();
  const titleId = useId('session-cover');
  const isOver = reason !== 'unconfirmed';
  useLayoutEffect(() => {
    // The title can contain the name of a person.
    const before = document.title;
    document.title = 'Script states';
    return () => {
      document.title = before;
    };
  }, []);
  return (
    <Modal titleId={titleId} className={styles.cover}>
      <CenteredCard title={isOver ? 'Your session has ended.' : 'Checking your session'} titleId={titleId} as="h2">
        <Text>{explanations[reason]}</Text>
        {isOver && (
          <>
            <Text>Sign in again to continue. What you typed is kept in this tab.</Text>
            <Button as="a" href={signInUrl()} target="_blank" rel="noopener" appearance="primary" size="large">
              Sign in again
            </Button>
          </>
        )}
      </CenteredCard>
    </Modal>
  );
}
