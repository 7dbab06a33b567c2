import type { RowUpdate } from '../jobs/row-update.js';

/** One update of a bulk update: a user state, and the values to set. */
export type BulkRow = RowUpdate;
