import { makeStyles, Spinner, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { narrowScreen } from './breakpoint.js';
import { failureOf } from './failure.js';
import { FailureNotice } from './failure-notice.js';
import { LocalChangesProvider } from './local-changes.js';
import { sessionQuery } from './queries.js';
import { ConnectionNotice } from './session/connection-notice.js';
import { Header } from './session/header.js';
import { SessionNotice } from './session/session-notice.js';
import { SignOutBoundary } from './session/sign-out-boundary.js';
import { Workspace } from './workspace.js';

const SignInPage = lazy(async () => ({ default: (await import('./session/access-pages.js')).SignInPage }));
const NoAccessPage = lazy(async () => ({ default: (await import('./session/access-pages.js')).NoAccessPage }));

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    height: '100vh',
    overflow: 'hidden',
    [narrowScreen]: { height: 'auto', minHeight: '100vh', overflow: 'visible' },
    backgroundColor: tokens.colorNeutralBackground2,
  },
  notices: { flexShrink: 0 },
  center: { margin: 'auto' },
});

/** The page, until the user signs out. */
export function App() {
  return (
    <SignOutBoundary signedOut={<SignedOut />}>
      <LocalChangesProvider>
        <Page />
      </LocalChangesProvider>
    </SignOutBoundary>
  );
}

function SignedOut() {
  const styles = useStyles();
  return (
    <div className={styles.page}>
      <Suspense>
        <SignInPage />
      </Suspense>
    </div>
  );
}

/** The session decides what the page shows. Content stays visible when the connection is lost. */
function Page() {
  const styles = useStyles();
  const { data: session, error } = useQuery(sessionQuery);
  const failure = error === null ? undefined : failureOf(error);
  const ended = failure?.reason === 'SIGN_IN_REQUIRED';

  if (session === undefined && ended) return <SignedOut />;
  if (session === undefined) {
    return (
      <main className={styles.page}>
        <div className={styles.center}>
          {failure === undefined ? <Spinner label="Loading" /> : <FailureNotice failure={failure} />}
        </div>
      </main>
    );
  }
  return (
    <div className={styles.page}>
      <Header session={session} />
      <section aria-label="Notices" className={styles.notices}>
        <SessionNotice />
        <ConnectionNotice unreachable={failure?.reason === 'UNREACHABLE'} />
      </section>
      {session.roles.length > 0 ? (
        <Workspace canWrite={session.roles.includes('operator')} />
      ) : (
        <Suspense>
          <NoAccessPage user={session.user} />
        </Suspense>
      )}
    </div>
  );
}
