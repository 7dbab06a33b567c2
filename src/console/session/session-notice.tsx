import { MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { SignInLink } from '../sign-in-link.js';

const minuteMs = 60_000;
const warningMinutes = 10;

/** Warns that the session is about to expire, or reports that it has ended. */
export function SessionNotice({ expiresAt, ended }: { readonly expiresAt: string | null; readonly ended: boolean }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), minuteMs / 4);
    return () => clearInterval(timer);
  }, []);
  const minutes = expiresAt === null ? Number.POSITIVE_INFINITY : Math.ceil((Date.parse(expiresAt) - now) / minuteMs);
  // The local clock can be wrong: only the service reports that the session has ended.
  if (!ended && minutes > warningMinutes) return null;
  const title = ended
    ? 'Your session has ended.'
    : `Your session expires in ${minutes <= 1 ? 'a minute' : `${minutes} minutes`}.`;
  return (
    <MessageBar intent={ended ? 'error' : 'warning'} politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        Use another tab to {ended ? 'sign in' : 'start a new session'}; this page keeps its state. <SignInLink />
      </MessageBarBody>
    </MessageBar>
  );
}
