import { z } from 'zod';
import { type RoleNames, rolesIn } from './roles.js';
import type { Role } from './user.js';

/** The user of an ID token. */
export interface Identity {
  /** The object id in the directory, else the subject. */
  readonly oid: string;
  readonly tid: string | undefined;
  /** The name to display; the user name where the token has no other. */
  readonly name: string;
  /** The name that the user signs in with (`preferred_username`). It can change, so it identifies nobody. */
  readonly username: string | null;
  /** The id of the provider's own session. */
  readonly sid: string | null;
  readonly logoutHint: string | null;
  readonly roles: readonly Role[];
}

// Some providers send null for a claim that they have no value for.
const optional = z.string().nullish();
/** Displayed on every page. */
const displayed = optional.transform((text) => text?.slice(0, 256));

const idTokenClaims = z.object({
  sub: z.string(),
  oid: optional,
  tid: optional,
  name: displayed,
  preferred_username: displayed,
  sid: optional,
  login_hint: optional,
  roles: z.unknown().optional(),
});

/** Reads the claims of a validated ID token; `undefined` if one of them has an unexpected type. */
export function readIdentity(claims: Readonly<Record<string, unknown>>, roleNames: RoleNames): Identity | undefined {
  const { data } = idTokenClaims.safeParse(claims);
  if (data === undefined) return undefined;
  return {
    oid: data.oid ?? data.sub,
    tid: data.tid ?? undefined,
    name: data.name || data.preferred_username || '',
    username: data.preferred_username || null,
    sid: data.sid ?? null,
    logoutHint: data.login_hint ?? null,
    roles: rolesIn(data.roles, roleNames),
  };
}
