import type { Request } from 'express';
import { CallError } from '../errors.js';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { RoleCheck } from './role-check.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { User } from './user.js';
import type { TokenVault } from './vault.js';

/** The authenticated caller of a request. */
export interface Principal {
  readonly user: User;
  /** The absolute end of the session; `null` when it has none. */
  readonly expiresAt: Date | null;
  /** When the session ends without further activity. Absent when there are no sessions. */
  readonly readIdleExpiry?: () => Promise<Date>;
  /**
   * Checks whether the session still exists, and its user still has the roles of this principal: a call can outlive
   * both. Absent when there are no sessions.
   */
  readonly isSessionActive?: () => Promise<boolean>;
  /**
   * Reads the session and the roles of its user again, during a long call. `false` if the session has ended, or its user
   * has lost a role of this principal. Absent when there are no sessions.
   */
  readonly isStillAuthorized?: () => Promise<boolean>;
  /** As above, and restarts the idle timeout of the session. Absent when there are no sessions. */
  readonly extendSession?: () => Promise<void>;
  /** The user's own Graph tokens, when calls use delegated permissions. */
  readonly tokens?: TokenSource | undefined;
  /** The id of the session. Absent when there are none. */
  readonly sessionId?: string;
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

/** The dependencies of {@link sessionAuthenticator}. */
export interface AuthenticatorParts {
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly vault: TokenVault;
  readonly roleCheck: RoleCheck;
  /** Whether calls to Graph use the tokens of the user. */
  readonly usesOwnTokens: boolean;
}

/** Authenticates requests by their session, and extends the session on user activity. */
export function sessionAuthenticator(parts: AuthenticatorParts): Authenticate {
  const { sessions, store, vault, roleCheck, usesOwnTokens } = parts;
  return async (request, active) => {
    const session = sessions.current(request);
    if (session === undefined) return null;
    const { id } = session;
    const user = await roleCheck.current(id, session.user);
    if (user === undefined) return null;
    const extend = () => Promise.all([store.extend(id, user), vault.extend(id, store.lifetimeMs(user))]);
    if (active) await extend();
    let hasLostRole = false;

    const readRoles = async (): Promise<boolean> => {
      const stored = await store.read(id);
      const current = stored && (await roleCheck.current(id, stored));
      if (current === undefined) return false;
      hasLostRole = !user.roles.every((role) => current.roles.includes(role));
      return true;
    };

    return {
      user: { oid: user.oid, name: user.name, username: user.username, roles: user.roles },
      expiresAt: new Date(user.endsAt),
      readIdleExpiry: async () => new Date(await store.idleEndsAt(id, user)),
      // A call that has not waited was authenticated just now.
      isSessionActive: async () => !hasLostRole && store.isLive(id, maxReadAgeMs),
      isStillAuthorized: async () => (await readRoles()) && !hasLostRole,
      async extendSession() {
        if (await readRoles()) await extend();
      },
      tokens: usesOwnTokens ? withoutLostRole(vault.tokensOf(id), () => hasLostRole) : undefined,
      sessionId: id,
    };
  };
}

function withoutLostRole(tokens: TokenSource, hasLostRole: () => boolean): TokenSource {
  return {
    rejectionReason: tokens.rejectionReason,
    async get(request) {
      if (hasLostRole()) throw new CallError('SIGN_IN_REQUIRED');
      return tokens.get(request);
    },
  };
}
