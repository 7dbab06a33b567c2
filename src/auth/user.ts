/** What a user may do: read, or (with `operator`) also write. */
export type Role = 'reader' | 'operator';

/** A signed-in user. */
export interface User {
  /** The object id in the directory; the audit log identifies users by it. */
  readonly oid: string;
  readonly name: string;
  /** The name that the user signs in with, if the provider reports it. */
  readonly username?: string | null;
  readonly roles: readonly Role[];
}
