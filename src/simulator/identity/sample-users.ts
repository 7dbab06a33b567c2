import { domains } from '../graph/sample-data.js';
import { tenantId } from '../graph/tenant.js';

/** A user who can sign in on the login page of the identity provider. */
export interface SampleUser {
  /** The value that the login form posts as `person`. */
  readonly key: string;
  /** Differs from `oid`, as in Entra's tokens, so that tests notice a client that confuses the two. */
  readonly sub: string;
  readonly oid: string;
  readonly name: string;
  readonly preferredUsername: string;
  /** The app roles. If empty, the ID token has no `roles` claim, as in Entra's tokens. */
  readonly roles: readonly string[];
  /** The description on the login page. */
  readonly description: string;
}

const [domain] = domains;

/** The users on the login page: an operator, a reader, and one without a role. */
export const sampleUsers: readonly SampleUser[] = [
  {
    key: 'operator',
    sub: 'Jm3d1XoTqv-operator',
    oid: '5a1b0000-0000-4000-8000-00000000e001',
    name: 'Olga Operator',
    preferredUsername: `olga.operator@${domain}`,
    roles: ['ScriptState.ReadWrite'],
    description: 'can read and write',
  },
  {
    key: 'reader',
    sub: 'b9Rk7LwHnz-reader',
    oid: '5a1b0000-0000-4000-8000-00000000e002',
    name: 'Ravi Reader',
    preferredUsername: `ravi.reader@${domain}`,
    roles: ['ScriptState.Read'],
    description: 'can read',
  },
  {
    key: 'no-role',
    sub: 'Qy5s2VcPma-no-role',
    oid: '5a1b0000-0000-4000-8000-00000000e003',
    name: 'Nora Norole',
    preferredUsername: `nora.norole@${domain}`,
    roles: [],
    description: 'has no role',
  },
];

/** The claims of a user's ID token, with Entra's names. */
export function idTokenClaims(user: SampleUser): { readonly sub: string; readonly [claim: string]: unknown } {
  return {
    sub: user.sub,
    oid: user.oid,
    tid: tenantId,
    name: user.name,
    preferred_username: user.preferredUsername,
    login_hint: `O.${Buffer.from(user.oid).toString('base64url')}`,
    ...(user.roles.length > 0 ? { roles: user.roles } : {}),
  };
}
