import type { IncomingMessage } from 'node:http';

/** What somebody may do here: read, or also write. */
export type Role = 'reader' | 'operator';

/** Somebody who is signed in. */
export interface Person {
  /** The person's object id: what the audit knows them by. */
  readonly oid: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** When the session ends at the latest; `null` when it has no end. */
  readonly expiresAt: Date | null;
}

/** Tells who a request comes from; `null` when nobody is signed in. */
export type Authenticate = (request: IncomingMessage) => Promise<Person | null>;

/** `SIGN_IN=off`: whoever reaches the loopback address is the one local operator. */
export const localOperator: Authenticate = async () => ({
  oid: 'local-operator',
  name: 'Local operator',
  roles: ['reader', 'operator'],
  expiresAt: null,
});

/** Nobody is ever signed in: what guards the service as long as there is no way to sign in. */
export const nobody: Authenticate = async () => null;
