import { Button, Card, Link, makeStyles, Text, Title2, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { signInAddress } from './sign-in-and-out.js';
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

interface OutsideProps {
  readonly title: string;
  /** Whether the page has a head of its own above it. */
  readonly as: 'h1' | 'h2';
  readonly children: ReactNode;
}

function Outside({ title, as, children }: OutsideProps) {
  const styles = useStyles();
  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" className={styles.logo} />
        <Title2 as={as}>{title}</Title2>
        {children}
      </Card>
    </main>
  );
}

/** For whoever is not signed in. */
export function SignedOut() {
  return (
    <Outside title="Script states" as="h1">
      <Text>See on whose devices an Intune script succeeded or failed, and correct what is recorded.</Text>
      <Button as="a" href={signInAddress()} appearance="primary" size="large">
        Sign in
      </Button>
    </Outside>
  );
}

/** For whoever is signed in and may do nothing here. */
export function NoAccess() {
  return (
    <Outside title="No access yet" as="h2">
      <Text>You are signed in, but have no role in this application. Ask its owner for one, then sign in again.</Text>
      <SignOutButton appearance="primary" />
      <Link href={signInAddress()}>Sign in again</Link>
    </Outside>
  );
}
