import { maxUpdates } from '../../api/inputs/user-state.js';
import type { BulkRow } from './bulk-row.js';

/** The service accepts bodies of 4 MiB. The remainder is reserved for the envelope and the title. */
const maxCallBytes = 4_100_000;

/** Splits rows, in order, into as few jobs as the limits of the service allow. */
export function splitRows(rows: readonly BulkRow[]): readonly (readonly BulkRow[])[] {
  const encoder = new TextEncoder();
  const chunks: BulkRow[][] = [];
  let chunk: BulkRow[] = [];
  let size = 0;
  for (const row of rows) {
    const bytes = encoder.encode(JSON.stringify(row)).length + 1;
    if (chunk.length === maxUpdates || size + bytes > maxCallBytes) {
      chunks.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += bytes;
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk];
}
