import type { RouterInputs } from '../../contract.js';

type UpdateMany = RouterInputs['scriptUserState']['updateMany'];

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = UpdateMany['updates'][number];

/** The justification for updates in a tenant with multi admin approval. */
export type BulkApproval = NonNullable<UpdateMany['approval']>;
