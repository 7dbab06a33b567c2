import { Button, Card, Link, makeStyles, Text, Title2, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { signInAddress, signOut } from './sign-in-and-out.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexGrow: 1,
    minHeight: '100vh',
    padding: tokens.spacingHorizontalXXL,
    backgroundColor: tokens.colorNeutralBackground2,
  },
  inside: { minHeight: 0 },
  card: { margin: 'auto', maxWidth: '420px', padding: tokens.spacingHorizontalXXXL, gap: tokens.spacingVerticalL },
  logo: { width: '48px', height: '48px' },
});

function Outside({ title, children }: { readonly title: string; readonly children: ReactNode }) {
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

/** For whoever is not signed in. */
export function SignedOut() {
  return (
    <Outside title="Script states">
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
    <Outside title="No access yet">
      <Text>You are signed in, but have no role in this application. Ask its owner for one, then sign in again.</Text>
      <Button appearance="primary" onClick={() => void signOut()}>
        Sign out
      </Button>
      <Link href={signInAddress()}>Sign in again</Link>
    </Outside>
  );
}
