import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createSealer } from '../../seal.js';

/** A cursor that this service did not give out, or gave out for another query. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

const place = z.object({ link: z.string(), seen: z.string() });

/** Where a listing goes on: Graph's link to the next page, and marks of the links already followed. */
export type Place = z.output<typeof place>;

/** Turns places into opaque texts and back. */
export interface CursorCodec {
  encode(place: Place, query: string): string;
  /** @throws {CursorError} */
  decode(cursor: string, query: string): Place;
}

/**
 * Seals cursors and binds each to its query: nobody can make the service follow a link of their own with its token, and
 * no address of Graph is shown.
 *
 * @param secrets the first one seals; all of them open, so that they can be rotated
 */
export function createCursorCodec(secrets: readonly string[]): CursorCodec {
  const sealer = createSealer(secrets, 'cursor');
  return {
    encode: (next, query) => sealer.seal(JSON.stringify(next), query),
    decode(cursor, query) {
      const text = sealer.open(cursor, query);
      if (text === undefined) throw new CursorError('the cursor is not of this query');
      return place.parse(JSON.parse(text));
    },
  };
}

/** How long a mark is: 36 bits tell a thousand links apart. */
export const markLength = 6;

/** A short mark by which a link is recognised when it comes again. */
export function markOf(link: string): string {
  return createHash('sha256').update(link).digest('base64url').slice(0, markLength);
}
