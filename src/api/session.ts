import type { Role } from '../auth/person.js';
import { router, signedInProcedure } from './trpc.js';

/** Who is signed in, what they may do, and what is behind the service. */
export interface CurrentSession {
  readonly user: { readonly oid: string; readonly name: string };
  readonly roles: readonly Role[];
  /** When the session ends at the latest (ISO 8601); `null` when it has no end. */
  readonly expiresAt: string | null;
  readonly graph: 'live' | 'simulator';
}

/** What a front end wants to know before it shows anything. */
export const sessionRouter = router({
  current: signedInProcedure.query(
    ({ ctx: { person, expiresAt, graphKind } }): CurrentSession => ({
      user: { oid: person.oid, name: person.name },
      roles: person.roles,
      expiresAt: expiresAt?.toISOString() ?? null,
      graph: graphKind,
    }),
  ),
});
