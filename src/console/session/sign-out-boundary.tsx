import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { onSignOut } from './sign-out.js';

interface SignOutBoundaryProps {
  /** Shown after the sign-out. */
  readonly signedOut: ReactNode;
  readonly children: ReactNode;
}

/**
 * Replaces the page when the user signs out in any tab, and discards all its data: the next person at this computer
 * must not see it. A session that ends by itself keeps the page.
 */
export function SignOutBoundary({ signedOut, children }: SignOutBoundaryProps) {
  const client = useQueryClient();
  const [isSignedOut, setSignedOut] = useState(false);
  useEffect(
    () =>
      onSignOut(() => {
        setSignedOut(true);
        client.clear();
        // The address can contain the name of a person. The router, which has replaced this method of `history`, must
        // not load the page of the new address.
        History.prototype.replaceState.call(window.history, null, '', '/');
      }),
    [client],
  );
  useEffect(() => {
    if (!isSignedOut) return;
    // A modal dialog hides the page from screen readers. Fluent forgets about it when all its parts are removed at once.
    for (const hidden of document.querySelectorAll('body > [aria-hidden]')) hidden.removeAttribute('aria-hidden');
  }, [isSignedOut]);
  return isSignedOut ? signedOut : children;
}
