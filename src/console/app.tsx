import { makeStyles, Spinner, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { failureOf } from './failure.js';
import { FailureNotice } from './failure-notice.js';
import { sessionQuery } from './queries.js';
import { Workspace } from './scripts/workspace.js';
import { ConnectionNotice } from './session/connection-notice.js';
import { Header } from './session/header.js';
import { SessionNotice } from './session/session-notice.js';
import { NoAccess, SignedOut } from './session/signed-out.js';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    height: '100vh',
    overflow: 'hidden',
    // On a narrow screen, or a page that is zoomed, everything scrolls together.
    '@media (max-width: 800px)': { height: 'auto', minHeight: '100vh', overflow: 'visible' },
    backgroundColor: tokens.colorNeutralBackground2,
  },
  notices: { flexShrink: 0 },
  centre: { margin: 'auto' },
});

/** The page: who is there decides what is shown. What has been shown once stays, even when the session ends. */
export function App() {
  const styles = useStyles();
  const { data: session, error } = useQuery(sessionQuery);
  const failure = error === null ? undefined : failureOf(error);
  const oid = session?.user.oid;
  const first = useRef(oid);
  useEffect(() => {
    // Somebody else has signed in on another page: nothing of the person before is shown to them.
    if (first.current !== undefined && oid !== first.current) window.location.reload();
    first.current = oid;
  }, [oid]);
  const ended = failure?.reason === 'SIGN_IN_REQUIRED';

  if (session === undefined) {
    if (ended) {
      return (
        <div className={styles.page}>
          <SignedOut />
        </div>
      );
    }
    return (
      <main className={styles.page}>
        <div className={styles.centre}>
          {failure === undefined ? <Spinner label="One moment" /> : <FailureNotice failure={failure} />}
        </div>
      </main>
    );
  }
  return (
    <div className={styles.page}>
      <Header session={session} />
      <section aria-label="Notices" className={styles.notices}>
        <SessionNotice expiresAt={session.expiresAt} ended={ended} />
        <ConnectionNotice unreachable={failure?.reason === 'UNREACHABLE'} />
      </section>
      {session.roles.length === 0 ? <NoAccess /> : <Workspace mayWrite={session.roles.includes('operator')} />}
    </div>
  );
}
