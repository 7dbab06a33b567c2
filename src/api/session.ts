import type { Role } from '../auth/user.js';
import { router, signedInProcedure } from './trpc.js';

/** The signed-in user, their roles, and the Graph behind the service. */
export interface CurrentSession {
  readonly user: {
    readonly oid: string;
    readonly name: string;
    /** The name that the user signs in with; `null` if the provider does not report it. */
    readonly username: string | null;
  };
  readonly roles: readonly Role[];
  /** The absolute end of the session (ISO 8601); `null` if it has none. */
  readonly expiresAt: string | null;
  /** When the session ends without further calls, which is never later (ISO 8601); `null` if it does not. */
  readonly idleExpiresAt: string | null;
  readonly graph: 'live' | 'simulator';
  /** Whether jobs outlive the process. */
  readonly durableJobs: boolean;
  /** The version of the service. */
  readonly version: string;
}

/** The session, which a front end requests before it renders a page. */
export const sessionRouter = router({
  /** The signed-in user. The call does not extend the session. */
  current: signedInProcedure.query(
    async ({ ctx: { user, expiresAt, readIdleExpiry, graphKind, version, jobs } }): Promise<CurrentSession> => ({
      user: { oid: user.oid, name: user.name, username: user.username ?? null },
      roles: user.roles,
      expiresAt: expiresAt?.toISOString() ?? null,
      idleExpiresAt: (await readIdleExpiry())?.toISOString() ?? null,
      graph: graphKind,
      version,
      durableJobs: jobs.areDurable,
    }),
  ),
});
