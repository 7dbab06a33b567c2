import { maxUpdates } from '../input-schemas.js';
import type { Row } from './rows.js';

/** The service takes 1 MiB; the rest is for what goes around the rows, and for a justification. */
const maxBytes = 960_000;

/** Splits rows, in their order, into as few calls as the service's limits on one allow. */
export function chunksOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const encoder = new TextEncoder();
  const chunks: Row[][] = [];
  let chunk: Row[] = [];
  let size = 0;
  for (const row of rows) {
    const bytes = encoder.encode(JSON.stringify(row)).length + 1;
    if (chunk.length === maxUpdates || size + bytes > maxBytes) {
      chunks.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(row);
    size += bytes;
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk];
}
