import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { DefectBoundary } from '../error-boundary.js';
import { sessionQuery } from '../queries.js';

const SessionGuard = lazy(async () => ({ default: (await import('./session-guard.js')).SessionGuard }));

/** Warns before the session ends, and covers the page when it has ended. Loaded once there is a session that can end. */
export function SessionNotice() {
  const { data: canEnd = false } = useQuery({ ...sessionQuery, select: ({ expiresAt }) => expiresAt !== null });
  return (
    canEnd && (
      <DefectBoundary>
        <Suspense>
          <SessionGuard />
        </Suspense>
      </DefectBoundary>
    )
  );
}
