import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { sessionQuery } from '../queries.js';
import { onReturn } from './return-events.js';
import { onSignOut } from './sign-out.js';

interface SignOutBoundaryProps {
  /** Shown after the sign-out. */
  readonly signedOut: ReactNode;
  readonly children: ReactNode;
}

/**
 * Removes the page when the user signs out in any tab or another one signs in, and discards all its data: the next
 * person at this computer must not see it. A session that ends by itself keeps the page, covered.
 */
export function SignOutBoundary({ signedOut, children }: SignOutBoundaryProps) {
  const client = useQueryClient();
  const [isSignedOut, setSignedOut] = useState(false);
  useEffect(
    () =>
      onSignOut(() => {
        setSignedOut(true);
        discardData(client);
      }),
    [client],
  );
  useEffect(() => {
    if (!isSignedOut) return;
    // A modal dialog hides the page from screen readers. Fluent does not undo this if both are removed at once.
    for (const hidden of document.querySelectorAll('body > [aria-hidden]')) hidden.removeAttribute('aria-hidden');
  }, [isSignedOut]);
  return isSignedOut ? signedOut : <SamePerson>{children}</SamePerson>;
}

function SamePerson({ children }: Pick<SignOutBoundaryProps, 'children'>) {
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const oid = session?.user.oid;
  const [ownOid, setOwnOid] = useState(oid);
  if (ownOid === undefined && oid !== undefined) setOwnOid(oid);
  const isOther = ownOid !== undefined && oid !== undefined && oid !== ownOid;
  useEffect(() => {
    if (!isOther) return;
    discardData(client);
    window.location.reload();
  }, [client, isOther]);
  useEffect(
    // A sign-out at the identity provider cannot reach other tabs, because browsers isolate its hidden frame from them.
    () => onReturn(() => void client.invalidateQueries(sessionQuery, { cancelRefetch: false })),
    [client],
  );
  return !isOther && children;
}

function discardData(client: QueryClient): void {
  client.clear();
  // The title and the address can contain the name of a person.
  document.title = 'Script states';
  // The router, which has replaced this method of `history`, must not load the page of the new address.
  History.prototype.replaceState.call(window.history, null, '', '/');
}
