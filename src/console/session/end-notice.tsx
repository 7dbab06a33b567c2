import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  makeStyles,
  Text,
} from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FocusEvent, useRef, useState } from 'react';
import { sessionQuery } from '../queries.js';
import { SignInLink } from '../sign-in-link.js';
import { trpc } from '../trpc.js';
import { visuallyHidden } from '../visually-hidden.js';
import { LastMinute } from './last-minute.js';
import type { SessionEnd } from './session-end.js';

const minuteMs = 60_000;

const useStyles = makeStyles({
  announcement: visuallyHidden,
});

interface EndNoticeProps {
  readonly end: SessionEnd;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When the service last reported the end, in milliseconds since 1970. */
  readonly checkedAt: number;
  /** Whether the user may make the call that postpones the end. */
  readonly canExtend: boolean;
}

/**
 * Warns some minutes before the session ends, and offers to postpone the end. Screen readers announce it once, and again
 * in the last minute.
 */
export function EndNotice({ end: { kind, at, warnAt }, now, checkedAt, canExtend }: EndNoticeProps) {
  const styles = useStyles();
  const client = useQueryClient();
  const focusedBefore = useRef<HTMLElement>(null);
  const [dismissed, setDismissed] = useState<number>();
  const stay = useMutation({
    // No procedure is meant for this, and `session.current` does not count as user activity. This is the cheapest one
    // that does: it reads one page of what the service has stored, without a request to Graph.
    mutationFn: () => trpc.activity.list.query({}),
    onSuccess: async () => {
      await client.invalidateQueries(sessionQuery);
      focusedBefore.current?.focus();
      focusedBefore.current = null;
    },
  });
  // Another tab, or an update in progress, may have postponed the end since an earlier check.
  const isShown = now >= warnAt && checkedAt >= warnAt && (kind === 'absolute' || canExtend);
  const minutes = Math.max(1, Math.ceil((at - now) / minuteMs));
  const inMinutes = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const [title, advice] =
    kind === 'idle'
      ? [`You will be signed out in ${inMinutes}.`, 'You have not loaded or saved anything for a while.']
      : [`Your session ends in ${inMinutes}.`, 'Sign in again to continue. What you typed is kept in this tab.'];
  const isInterrupting = isShown && kind === 'idle' && minutes === 1 && dismissed !== at;
  const rememberFocus = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (relatedTarget instanceof HTMLElement && !currentTarget.contains(relatedTarget)) {
      focusedBefore.current = relatedTarget;
    }
  };
  return (
    <>
      <div role="status" className={styles.announcement}>
        {isShown && `${kind === 'idle' ? 'You will be signed out' : 'Your session ends'} at ${timeOf(at)}. ${advice}`}
        {!isShown && stay.isSuccess && 'You stay signed in.'}
      </div>
      <div role="alert" className={styles.announcement}>
        {isShown && kind === 'absolute' && minutes === 1 && 'Your session is about to end.'}
      </div>
      {isInterrupting && (
        <LastMinute
          title={title}
          advice={advice}
          hasFailed={stay.isError}
          isPending={stay.isPending}
          onStay={() => stay.mutate()}
          onDismiss={() => setDismissed(at)}
        />
      )}
      {isShown && !isInterrupting && (
        <MessageBar intent="warning" onFocus={rememberFocus}>
          <MessageBarBody>
            <MessageBarTitle>{title}</MessageBarTitle>
            {advice} {kind === 'absolute' && <SignInLink />}
            {stay.isError && <Text role="alert">The service did not respond. Try again.</Text>}
          </MessageBarBody>
          {kind === 'idle' && (
            <MessageBarActions>
              <Button disabledFocusable={stay.isPending} onClick={() => stay.mutate()}>
                Stay signed in
              </Button>
            </MessageBarActions>
          )}
        </MessageBar>
      )}
    </>
  );
}

const timeOf = (at: number) => new Date(at).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' });
