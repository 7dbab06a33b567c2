import type { Role } from '../auth/user.js';
import { router, signedInProcedure } from './trpc.js';

/** The signed-in user, their roles, and the Graph behind the service. */
export interface CurrentSession {
  readonly user: { readonly oid: string; readonly name: string };
  readonly roles: readonly Role[];
  /** The absolute end of the session (ISO 8601); `null` if it has none. */
  readonly expiresAt: string | null;
  readonly graph: 'live' | 'simulator';
}

/** The session, which a front end requests before it renders a page. */
export const sessionRouter = router({
  /** The signed-in user. The call does not extend the session. */
  current: signedInProcedure.query(
    ({ ctx: { user, expiresAt, graphKind } }): CurrentSession => ({
      user: { oid: user.oid, name: user.name },
      roles: user.roles,
      expiresAt: expiresAt?.toISOString() ?? null,
      graph: graphKind,
    }),
  ),
});
