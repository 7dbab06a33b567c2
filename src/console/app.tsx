import { makeStyles, tokens } from '@fluentui/react-components';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { ShownJobProvider } from './jobs/shown-job.js';
import { LocalChangesProvider } from './local-changes.js';
import type { ConsoleRouter } from './router.js';
import { SignOutBoundary } from './session/sign-out-boundary.js';

const SignInPage = lazy(async () => ({ default: (await import('./session/access-pages.js')).SignInPage }));

const useStyles = makeStyles({
  page: { display: 'flex', minHeight: '100vh', backgroundColor: tokens.colorNeutralBackground2 },
});

/** The pages, until the user signs out. */
export function App({ router }: { readonly router: ConsoleRouter }) {
  const styles = useStyles();
  return (
    <SignOutBoundary
      signedOut={
        <div className={styles.page}>
          <Suspense>
            <SignInPage />
          </Suspense>
        </div>
      }
    >
      <LocalChangesProvider>
        <ShownJobProvider>
          <RouterProvider router={router} />
        </ShownJobProvider>
      </LocalChangesProvider>
    </SignOutBoundary>
  );
}
