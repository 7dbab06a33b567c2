import { type SessionData, Store } from 'express-session';
import type { Role } from './user.js';

declare module 'express-session' {
  interface SessionData {
    /** Set at sign-in. Only its roles change later. */
    signedIn?: SignedInUser;
  }
}

/** What a session stores about its user. Tokens are stored separately, in the token vault. */
export interface SignedInUser {
  readonly oid: string;
  readonly name: string;
  /** The name that the user signs in with, if the provider reports it. */
  readonly username: string | null;
  readonly roles: readonly Role[];
  /** When the provider reported the roles, epoch ms. Sessions of earlier releases have none. */
  readonly rolesAt?: number;
  /** The id of the provider's own session (`sid` claim); front-channel sign-out names it. */
  readonly sid: string | null;
  /** The `login_hint` claim, sent as `logout_hint` at sign-out. */
  readonly logoutHint: string | null;
  /** The absolute end of the session, epoch ms. */
  readonly endsAt: number;
}

/** The maximum number of sessions of one user. A further sign-in ends the user's least recently used one. */
export const maxSessionsPerUser = 10;

/**
 * A store of sessions that end on request, after the idle timeout, or at their absolute end. Emits `ended` with the id
 * of each session that it ends. When the storage is unavailable every method fails, so that no user appears signed out.
 */
export abstract class SessionStore extends Store {
  readonly #idleMs: number;

  /** @param idleMs the idle timeout of a session */
  constructor(idleMs: number) {
    super();
    this.#idleMs = idleMs;
  }

  /** How long a session lasts from now on without further activity, in ms. */
  lifetimeMs({ endsAt }: Pick<SignedInUser, 'endsAt'>): number {
    return Math.max(0, Math.min(this.#idleMs, endsAt - Date.now()));
  }

  /** When a session ends without further activity, epoch ms. */
  async idleEndsAt(id: string, user: Pick<SignedInUser, 'oid' | 'endsAt'>): Promise<number> {
    const lastUsedAt = await this.lastUsedAt(id, user);
    return lastUsedAt === undefined ? Date.now() : Math.min(lastUsedAt + this.#idleMs, user.endsAt);
  }

  /** The user of a session; `undefined` if it has ended. Reading does not extend it. */
  async read(id: string): Promise<SignedInUser | undefined> {
    const session = await new Promise<SessionData | null | undefined>((resolve, reject) => {
      this.get(id, (error: unknown, found) => (error ? reject(error) : resolve(found)));
    });
    return session?.signedIn;
  }

  /** Replaces the user of a session, and keeps its end. Does not revive one that has ended. */
  abstract update(id: string, user: SignedInUser): Promise<void>;
  /** When a session was last used, epoch ms; `undefined` if it has ended. The same on all replicas. */
  abstract lastUsedAt(id: string, user: Pick<SignedInUser, 'oid'>): Promise<number | undefined>;
  /** Restarts the idle timeout of a session. Does not revive one that has ended. */
  abstract extend(id: string, user: Pick<SignedInUser, 'oid' | 'endsAt'>): Promise<void>;
  /** @param maxAgeMs a read of the session that is at most this old suffices */
  abstract isLive(id: string, maxAgeMs?: number): Promise<boolean>;
  /** Ends every session that belongs to one session of the provider. Resolves to their number. */
  abstract endBySid(sid: string): Promise<number>;
}
