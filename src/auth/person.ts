/** What somebody may do here: read, or also write. */
export type Role = 'reader' | 'operator';

/** Somebody who is signed in. */
export interface Person {
  /** The person's object id: what the audit knows them by. */
  readonly oid: string;
  readonly name: string;
  readonly roles: readonly Role[];
}
