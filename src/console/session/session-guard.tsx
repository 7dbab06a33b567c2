import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { failureOf } from '../failure.js';
import { sessionQuery } from '../queries.js';
import { EndNotice } from './end-notice.js';
import { SessionCover } from './session-cover.js';
import { idleTimeFrom, sessionEnd, useTime } from './session-end.js';

/** Warns before the session ends, and covers the page when it has ended. */
export function SessionGuard() {
  const client = useQueryClient();
  const { data: session, dataUpdatedAt: checkedAt, error } = useQuery(sessionQuery);
  const now = useTime();
  // The service reports when the session ends, but not the length of its idle time. The longest time that was left is
  // close to it: the page makes calls when it is opened, and each call restarts the idle time.
  const [idleMs, setIdleMs] = useState(0);
  const leftMs = session === undefined ? 0 : idleTimeFrom(session, checkedAt);
  if (leftMs > idleMs) setIdleMs(leftMs);
  const end = session && sessionEnd(session, idleMs);
  const isOutdated = end !== undefined && now >= end.warnAt && checkedAt < now;
  useEffect(() => {
    if (isOutdated) void client.invalidateQueries(sessionQuery, { cancelRefetch: false });
  }, [client, isOutdated]);
  if (session === undefined || end === undefined) return null;
  if (error !== null && failureOf(error).reason === 'SIGN_IN_REQUIRED') {
    return <SessionCover reason={now >= end.at ? end.kind : 'elsewhere'} />;
  }
  // The local clock can be wrong: only the service reports that the session has ended.
  if (now >= end.at && checkedAt < end.at) return <SessionCover reason="unconfirmed" />;
  return <EndNotice end={end} now={now} checkedAt={checkedAt} canExtend={session.roles.length > 0} />;
}
