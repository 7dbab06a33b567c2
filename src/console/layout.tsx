import { makeStyles, Spinner, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { narrowScreen } from './breakpoint.js';
import { Dialogs } from './dialogs.js';
import { DefectBoundary } from './error-boundary.js';
import { failureOf } from './failure.js';
import { FailureNotice } from './failure-notice.js';
import { HeadingFocus } from './page-heading.js';
import { sessionQuery } from './queries.js';
import { ConnectionNotice } from './session/connection-notice.js';
import { Header } from './session/header.js';
import { SessionNotice } from './session/session-notice.js';

const SignInPage = lazy(async () => ({ default: (await import('./session/access-pages.js')).SignInPage }));
const JobMonitor = lazy(async () => ({ default: (await import('./jobs/job-monitor.js')).JobMonitor }));
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
  // Screen readers would list a region without content.
  notices: { flexShrink: 0, ':empty': { display: 'none' } },
  main: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    minWidth: 0,
    overflowY: 'auto',
    [narrowScreen]: { overflowY: 'visible' },
  },
  center: { margin: 'auto', padding: tokens.spacingHorizontalXXL },
});

/**
 * What all pages share. The session decides what is shown; content stays visible when the connection is lost, and is
 * kept, covered, when the session ends.
 */
export function Layout() {
  const styles = useStyles();
  const { data: session, error } = useQuery(sessionQuery);
  const failure = error === null ? undefined : failureOf(error);
  const ended = failure?.reason === 'SIGN_IN_REQUIRED';

  if (session === undefined && ended) {
    return (
      <div className={styles.page}>
        <Suspense>
          <SignInPage />
        </Suspense>
      </div>
    );
  }
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
        <HeadingFocus>
          <Suspense>
            <JobMonitor />
          </Suspense>
          <Dialogs>
            <main className={styles.main}>
              <DefectBoundary>
                <Suspense fallback={<Spinner className={styles.center} label="Loading" />}>
                  <Outlet />
                </Suspense>
              </DefectBoundary>
            </main>
          </Dialogs>
        </HeadingFocus>
      ) : (
        <Suspense>
          <NoAccessPage user={session.user} />
        </Suspense>
      )}
    </div>
  );
}
