import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { ErrorBoundary } from 'react-error-boundary';

/** Replaces a part of the page that crashed, or that could not be loaded because a newer version has been deployed. */
export function DefectNotice() {
  return (
    <MessageBar intent="error" layout="multiline" politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>This part of the page failed</MessageBarTitle>A newer version may have been deployed. Reload
        the page, and check your last change before you send it again.
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={() => window.location.reload()}>Reload</Button>
      </MessageBarActions>
    </MessageBar>
  );
}

interface DefectBoundaryProps {
  readonly children: ReactNode;
  /** Retries to render the children when one of these changes. */
  readonly resetKeys?: unknown[];
}

/** Contains a crash to the part of the page that is inside. */
export function DefectBoundary({ children, resetKeys = [] }: DefectBoundaryProps) {
  return (
    <ErrorBoundary FallbackComponent={DefectNotice} resetKeys={resetKeys}>
      {children}
    </ErrorBoundary>
  );
}
