import type { Role } from './user.js';

/** The values of the app roles in the `roles` claim (`ROLE_READER`, `ROLE_OPERATOR`). */
export interface RoleNames {
  readonly reader: string;
  readonly operator: string;
}

/**
 * The roles that the `roles` claim of an ID token grants: an array, or, from some providers, one string with a role or
 * several separated by spaces. A missing claim grants none, and groups are ignored: on a groups overage, Entra omits
 * them from the token.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
 */
export function rolesIn(claim: unknown, names: RoleNames): readonly Role[] {
  const listed: readonly unknown[] = Array.isArray(claim) ? claim : [];
  const granted = typeof claim === 'string' ? [claim, ...claim.split(' ')] : listed;
  if (granted.includes(names.operator)) return ['reader', 'operator'];
  return granted.includes(names.reader) ? ['reader'] : [];
}
