import type { IncomingMessage } from 'node:http';
import type { Person } from './person.js';

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
