import { useQuery } from '@tanstack/react-query';
import { failureOf } from '../failure.js';
import { sessionQuery } from '../queries.js';
import { EndNotice } from './end-notice.js';
import { SessionCover } from './session-cover.js';
import { sessionEnd, useTime } from './session-end.js';

/** Warns before the session ends, and covers the page when it has ended. */
export function SessionGuard() {
  const { data: session, dataUpdatedAt: checkedAt, error } = useQuery(sessionQuery);
  const now = useTime();
  if (session === undefined) return null;
  const end = sessionEnd(session);
  if (error !== null && failureOf(error).reason === 'SIGN_IN_REQUIRED') {
    return <SessionCover reason={end !== undefined && now >= end.at ? end.kind : 'elsewhere'} />;
  }
  if (end === undefined) return null;
  // The local clock can be wrong: only the service reports that the session has ended.
  const isUnconfirmed = now >= end.at && checkedAt < end.at;
  return (
    <>
      {isUnconfirmed && <SessionCover reason="unconfirmed" />}
      <EndNotice end={end} now={now} checkedAt={checkedAt} canExtend={session.roles.length > 0} />
    </>
  );
}
