import { Button, makeStyles, Text, tokens, useId } from '@fluentui/react-components';
import { CenteredCard } from './centered-card.js';
import { Modal } from './modal.js';
import { SignOutButton } from './sign-out-button.js';

const useStyles = makeStyles({
  dialog: {
    margin: 'auto',
    maxWidth: `calc(100% - 2 * ${tokens.spacingHorizontalM})`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    '::backdrop': { backgroundColor: 'rgb(0 0 0 / 40%)' },
  },
});

interface LastMinuteProps {
  readonly title: string;
  readonly advice: string;
  readonly hasFailed: boolean;
  readonly isPending: boolean;
  readonly onStay: () => void;
  readonly onDismiss: () => void;
}

/** Interrupts the user in the last minute, wherever the focus is: the page below can have a dialog that traps it. */
export function LastMinute({ title, advice, hasFailed, isPending, onStay, onDismiss }: LastMinuteProps) {
  const styles = useStyles();
  const titleId = useId('last-minute');
  return (
    <Modal titleId={titleId} className={styles.dialog} onEscape={onDismiss}>
      <CenteredCard title={title} titleId={titleId} as="h2">
        <Text>{advice}</Text>
        {hasFailed && <Text role="alert">The service did not respond. Try again.</Text>}
        <Button appearance="primary" size="large" disabledFocusable={isPending} onClick={onStay}>
          Stay signed in
        </Button>
        <SignOutButton size="large" />
      </CenteredCard>
    </Modal>
  );
}
