import type { Request } from 'express';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { User } from './user.js';
import type { TokenVault } from './vault.js';

/** The authenticated caller of a request. */
export interface Principal {
  readonly user: User;
  /** The absolute end of the session; `null` when it has none. */
  readonly expiresAt: Date | null;
  /** Checks whether the session still exists: a call can outlive it. Absent when there are no sessions. */
  readonly isSessionActive?: () => Promise<boolean>;
  /** The user's own Graph tokens, when calls use delegated permissions. */
  readonly tokens?: TokenSource | undefined;
}

/**
 * Identifies the caller of a request; resolves to `null` when the request has no session.
 *
 * @param active whether the request counts as user activity, which restarts the idle timeout of the session
 */
export type Authenticate = (request: Request, active: boolean) => Promise<Principal | null>;

/** How old the last read of a session may be when a request is sent to Graph, in milliseconds. */
const maxReadAgeMs = 1_000;

/** Authenticates every request as the one local operator (`SIGN_IN=off`). */
export const localOperator: Authenticate = async () => ({
  user: { oid: 'local-operator', name: 'Local operator', roles: ['reader', 'operator'] },
  expiresAt: null,
});

/** Authenticates requests by their session, and extends the session on user activity. */
export function sessionAuthenticator(
  sessions: Sessions,
  store: SessionStore,
  vault: TokenVault | undefined,
): Authenticate {
  return async (request, active) => {
    const session = sessions.current(request);
    if (session === undefined) return null;
    const { id, user } = session;
    if (active) await Promise.all([store.extend(id, user), vault?.extend(id, store.lifetimeMs(user))]);
    return {
      user: { oid: user.oid, name: user.name, roles: user.roles },
      expiresAt: new Date(user.endsAt),
      // A call that has not waited was authenticated just now.
      isSessionActive: () => store.isLive(id, maxReadAgeMs),
      tokens: vault?.tokensOf(id),
    };
  };
}
