import { MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { SignInAgain } from './sign-in-again.js';

const minuteMs = 60_000;
const warnedMinutes = 10;

/** Says that the session ends soon, or has ended; what is on the page stays. */
export function SessionNotice({ expiresAt, ended }: { readonly expiresAt: string | null; readonly ended: boolean }) {
  const [now, setNow] = useState(Date.now);
  // This machine's clock can be wrong: only the service says that it has ended.
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), minuteMs / 4);
    return () => clearInterval(clock);
  }, []);
  const minutes = expiresAt === null ? Number.POSITIVE_INFINITY : Math.ceil((Date.parse(expiresAt) - now) / minuteMs);
  if (!ended && minutes > warnedMinutes) return null;
  const title = ended
    ? 'Your session has ended.'
    : `Your session ends in ${minutes <= 1 ? 'a minute' : `${minutes} minutes`}.`;
  return (
    <MessageBar intent={ended ? 'error' : 'warning'} politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {ended
          ? 'Sign in on another page; what is here stays.'
          : 'Begin a new one on another page; what is here stays.'}{' '}
        <SignInAgain />
      </MessageBarBody>
    </MessageBar>
  );
}
