import type { RouterInputs } from '../../client/index.js';

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = RouterInputs['updateJob']['start']['updates'][number];
