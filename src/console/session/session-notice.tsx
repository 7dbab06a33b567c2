import { Link, MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { signInAddress } from './sign-in-and-out.js';

const minuteMs = 60_000;
const warnedMinutes = 10;

/** Says that the session ends soon, or has ended; what is on the page stays. */
export function SessionNotice({ expiresAt, ended }: { readonly expiresAt: string | null; readonly ended: boolean }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), minuteMs / 4);
    return () => clearInterval(clock);
  }, []);
  const minutes = expiresAt === null ? Number.POSITIVE_INFINITY : Math.ceil((Date.parse(expiresAt) - now) / minuteMs);
  const over = ended || minutes <= 0;
  if (!over && minutes > warnedMinutes) return null;
  const title = over
    ? 'Your session has ended.'
    : `Your session ends in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`;
  return (
    <MessageBar intent={over ? 'error' : 'warning'} politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {over ? 'What you see is as it was.' : 'Finish what you are doing, or begin a new one now.'}{' '}
        <Link inline href={signInAddress()}>
          Sign in again
        </Link>
      </MessageBarBody>
    </MessageBar>
  );
}
