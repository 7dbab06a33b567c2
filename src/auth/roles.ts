import type { Role } from './person.js';

/** The app roles that allow something here, by their values in the `roles` claim. */
export interface RoleNames {
  readonly reader: string;
  readonly operator: string;
}

/**
 * What an ID token's app roles allow. Only the `roles` claim counts: no claim, or groups in its place (an overage says
 * only that there are too many to list), is no role.
 */
export function rolesIn(claim: unknown, names: RoleNames): readonly Role[] {
  const given: readonly unknown[] = Array.isArray(claim) ? claim : [];
  if (given.includes(names.operator)) return ['reader', 'operator'];
  return given.includes(names.reader) ? ['reader'] : [];
}
