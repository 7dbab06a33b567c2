import { domains } from './sample-names.js';

/** The simulated tenant's id: the `tid` of every token. */
export const tenantId = '5a1b0000-0000-4000-8000-000000007e4a';

/** A made-up person whom the simulator's identity provider can sign in. */
export interface Person {
  /** What the login form posts as `person`. */
  readonly key: string;
  /** Unlike `oid`, as Entra's is: nobody may take one for the other. */
  readonly sub: string;
  readonly oid: string;
  readonly name: string;
  readonly preferredUsername: string;
  /** The app roles; empty leaves the claim out, as Entra does. */
  readonly roles: readonly string[];
  /** Who this is, for the login page. */
  readonly about: string;
}

const [domain] = domains;

/** The people of the login page: an operator, a reader, and one without a role. */
export const people: readonly Person[] = [
  {
    key: 'operator',
    sub: 'Jm3d1XoTqv-operator',
    oid: '5a1b0000-0000-4000-8000-00000000e001',
    name: 'Olga Operator',
    preferredUsername: `olga.operator@${domain}`,
    roles: ['ScriptState.ReadWrite'],
    about: 'may read and write',
  },
  {
    key: 'reader',
    sub: 'b9Rk7LwHnz-reader',
    oid: '5a1b0000-0000-4000-8000-00000000e002',
    name: 'Ravi Reader',
    preferredUsername: `ravi.reader@${domain}`,
    roles: ['ScriptState.Read'],
    about: 'may read',
  },
  {
    key: 'no-role',
    sub: 'Qy5s2VcPma-no-role',
    oid: '5a1b0000-0000-4000-8000-00000000e003',
    name: 'Nora Norole',
    preferredUsername: `nora.norole@${domain}`,
    roles: [],
    about: 'has no role',
  },
];

/** What an ID token says of a person, named as Entra names it. */
export function claimsOf(person: Person): { readonly sub: string; readonly [claim: string]: unknown } {
  return {
    sub: person.sub,
    oid: person.oid,
    tid: tenantId,
    name: person.name,
    preferred_username: person.preferredUsername,
    login_hint: `O.${Buffer.from(person.oid).toString('base64url')}`,
    ...(person.roles.length > 0 ? { roles: person.roles } : {}),
  };
}
