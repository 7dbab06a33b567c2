import type { Logger } from 'pino';
import { CallError } from '../errors.js';
import { type Identity, readIdentity } from './identity.js';
import { ProviderUnavailable } from './provider-errors.js';
import type { RoleNames } from './roles.js';
import type { SessionStore, SignedInUser } from './session-store.js';
import type { TokenVault } from './vault.js';

/** Keeps the roles of sessions up to date. */
export interface RoleCheck {
  /**
   * The user of a session with roles that are recent enough. Concurrent callers share one request to the provider,
   * across all replicas. Resolves to `undefined` if the session has ended.
   *
   * @throws {CallError} `OVERLOADED` when the session store is unavailable
   */
  current(sessionId: string, user: SignedInUser): Promise<SignedInUser | undefined>;
  /**
   * Whether the user of a session may write. `denied`: they have lost the role, or their roles cannot be refreshed.
   *
   * @throws {CallError} `OVERLOADED` when the session store is unavailable
   */
  writeAccess(sessionId: string): Promise<'allowed' | 'denied' | 'session-ended'>;
  /** Stores the roles of a new ID token in the session. */
  apply(sessionId: string, claims: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The options of {@link createRoleCheck}. */
export interface RoleCheckOptions {
  readonly store: SessionStore;
  /** Refreshes tokens; a function, since the vault itself applies the claims of new tokens. */
  readonly vault: () => Pick<TokenVault, 'refresh'>;
  readonly roleNames: RoleNames;
  /** `SESSION_ROLES_MINUTES`, in ms. */
  readonly maxAgeMs: number;
  /** `SESSION_MAX_HOURS`, in ms. */
  readonly maxSessionMs: number;
  readonly endSession: (sessionId: string) => Promise<void>;
  readonly log: Logger;
}

/**
 * While the provider is unavailable, roles are used until they have this many times their permitted age. Then the
 * session ends.
 */
const maxAgesWithoutProvider = 2;

/** While the provider is unavailable, how often a replica asks it again. */
const retryEveryMs = 30_000;

/** Creates the check. */
export function createRoleCheck(options: RoleCheckOptions): RoleCheck {
  const { store, vault, roleNames, maxAgeMs, maxSessionMs, endSession, log } = options;
  const pending = new Map<string, Promise<SignedInUser | undefined>>();
  /** When the provider was last unavailable, epoch ms. */
  let unavailableAt = 0;

  /** The age of the roles, ms. Those of an earlier release are as old as the session. */
  const age = ({ rolesAt, endsAt }: SignedInUser) => Date.now() - (rolesAt ?? endsAt - maxSessionMs);

  /** Whether the provider was unavailable a moment ago. A clock that was set back does not count. */
  function isWaiting(): boolean {
    const elapsedMs = Date.now() - unavailableAt;
    return elapsedMs >= 0 && elapsedMs < retryEveryMs;
  }

  async function end(sessionId: string, { oid }: SignedInUser, reason: string): Promise<undefined> {
    log.info({ oid, reason }, 'the roles of a session cannot be refreshed: session ended');
    await endSession(sessionId);
    return undefined;
  }

  async function refresh(sessionId: string, user: SignedInUser): Promise<SignedInUser | undefined> {
    const isDone = async () => age((await store.read(sessionId)) ?? user) < maxAgeMs;
    try {
      await vault().refresh(sessionId, isDone);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      // The session has ended, or has no tokens.
      if (error.reason === 'SIGN_IN_REQUIRED') return end(sessionId, user, 'sign-in-required');
      if (error.reason !== 'CREDENTIAL_UNAVAILABLE') throw error;
      // A rejection concerns this session only.
      if (error.cause instanceof ProviderUnavailable) unavailableAt = Date.now();
      return age(user) < maxAgeMs * maxAgesWithoutProvider ? user : end(sessionId, user, 'provider-unavailable');
    }
    const updated = await store.read(sessionId);
    if (updated === undefined || age(updated) < maxAgeMs) return updated;
    return end(sessionId, user, 'no-id-token');
  }

  async function current(sessionId: string, user: SignedInUser): Promise<SignedInUser | undefined> {
    if (age(user) < maxAgeMs) return user;
    if (isWaiting() && age(user) < maxAgeMs * maxAgesWithoutProvider) return user;
    const refreshed = pending.get(sessionId) ?? refresh(sessionId, user).finally(() => pending.delete(sessionId));
    pending.set(sessionId, refreshed);
    return refreshed;
  }

  return {
    current,

    async writeAccess(sessionId) {
      const user = await store.read(sessionId);
      if (user === undefined) return 'session-ended';
      return (await current(sessionId, user))?.roles.includes('operator') ? 'allowed' : 'denied';
    },

    async apply(sessionId, claims) {
      const user = await store.read(sessionId);
      const identity = readIdentity(claims, roleNames);
      if (user === undefined) return;
      if (identity === undefined || identity.oid !== user.oid) {
        await end(sessionId, user, 'claims-invalid');
        return;
      }
      const changes = changesOf(user, identity);
      if (changes !== undefined) log.info({ oid: user.oid, ...changes }, 'the roles of a user have changed');
      await store.update(sessionId, { ...user, roles: identity.roles, rolesAt: Date.now() });
    },
  };
}

function changesOf(user: SignedInUser, identity: Identity): object | undefined {
  const [from, to] = [user.roles.join(' '), identity.roles.join(' ')];
  return from === to ? undefined : { from, to };
}
