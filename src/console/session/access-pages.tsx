import { Button, Card, Link, makeStyles, Text, Title2, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import type { Session } from '../queries.js';
import { signInUrl } from '../sign-in-link.js';
import { SignOutButton } from './sign-out-button.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexGrow: 1,
    padding: tokens.spacingHorizontalXXL,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  card: { margin: 'auto', maxWidth: '420px', padding: tokens.spacingHorizontalXXXL, gap: tokens.spacingVerticalL },
  logo: { width: '48px', height: '48px' },
});

interface CenteredCardProps {
  readonly title: string;
  readonly children: ReactNode;
}

function CenteredCard({ title, children }: CenteredCardProps) {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" className={styles.logo} />
        <Title2 as="h1">{title}</Title2>
        {children}
      </Card>
    </main>
  );
}

/** The page shown without a session. */
export function SignInPage() {
  return (
    <CenteredCard title="Script states">
      <Text>See which devices an Intune script succeeded or failed on, and correct the recorded counts.</Text>
      <Button as="a" href={signInUrl()} appearance="primary" size="large">
        Sign in
      </Button>
    </CenteredCard>
  );
}

/** The page shown to a user without a role. */
export function NoAccessPage({ user: { name, username } }: Pick<Session, 'user'>) {
  return (
    <CenteredCard title="No access yet">
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
      <SignOutButton appearance="primary" />
      <Link href={signInUrl()}>Sign in again</Link>
      <Link href={signInUrl('select_account')}>Sign in with another account</Link>
    </CenteredCard>
  );
}
