import type { Request } from 'express';
import type { TokenSource } from '../graph/tokens/token-source.js';
import type { Person } from './person.js';

/** Whom a request comes from, and what goes with them. */
export interface Principal {
  readonly person: Person;
  /** When the session ends at the latest; `null` when it has no end. */
  readonly expiresAt: Date | null;
  /** Whether the session still lasts: a call can be under way for longer than it. */
  readonly isSessionActive?: () => Promise<boolean>;
  /** The person's own tokens, where calls to Graph are made with them. */
  readonly tokens?: TokenSource | undefined;
}

/**
 * Tells who a request comes from; `null` when nobody is signed in.
 *
 * @param active whether the request shows that somebody is there, and so keeps the session from going idle
 */
export type Authenticate = (request: Request, active: boolean) => Promise<Principal | null>;

/** `SIGN_IN=off`: whoever reaches the loopback address is the one local operator. */
export const localOperator: Authenticate = async () => ({
  person: { oid: 'local-operator', name: 'Local operator', roles: ['reader', 'operator'] },
  expiresAt: null,
});
