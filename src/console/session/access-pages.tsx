import { Button, Link, makeStyles, Text, tokens } from '@fluentui/react-components';
import type { Session } from '../queries.js';
import { signInUrl } from '../sign-in-link.js';
import { CenteredCard } from './centered-card.js';
import { SignOutButton } from './sign-out-button.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexGrow: 1,
    overflowY: 'auto',
    padding: tokens.spacingHorizontalXXL,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  again: { textAlign: 'center' },
});

/** The page shown without a session. */
export function SignInPage() {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <CenteredCard title="Script states" as="h1">
        <Text>See which devices an Intune script succeeded or failed on, and correct the recorded counts.</Text>
        <Button as="a" href={signInUrl()} appearance="primary" size="large">
          Sign in
        </Button>
      </CenteredCard>
    </main>
  );
}

/** The page shown to a user without a role. */
export function NoAccessPage({ user: { name, username } }: Pick<Session, 'user'>) {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <CenteredCard title="No access yet" as="h1">
        <Text>
          You are signed in as <bdi>{name}</bdi>
          {username !== null && username !== name && (
            <>
              {' '}
              (<bdi>{username}</bdi>)
            </>
          )}
          . This account has no role in this application. Ask its owner for one, then sign in again.
        </Text>
        <Button as="a" href={signInUrl('select_account')} appearance="primary" size="large">
          Sign in with another account
        </Button>
        <SignOutButton size="large" />
        <Link href={signInUrl()} className={styles.again}>
          Sign in again
        </Link>
      </CenteredCard>
    </main>
  );
}
