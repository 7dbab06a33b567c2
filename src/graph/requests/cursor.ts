import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createSealer } from '../../seal.js';

/** A cursor that this service did not issue, or that it issued for another query. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

const pagePosition = z.object({
  link: z.string(),
  checkpoint: z.string(),
  pages: z.int().min(1),
  nextCheckpoint: z.int().min(1),
});

/**
 * The position in a list: the link of the next page, and the state of Brent's cycle detection. The algorithm remembers
 * one earlier page, the checkpoint, and moves it to the current page whenever their distance has doubled. It detects a
 * cycle of any length.
 *
 * @see https://en.wikipedia.org/wiki/Cycle_detection#Brent's_algorithm
 */
export interface PagePosition {
  readonly link: string;
  /** The fingerprint of the checkpoint's link. */
  readonly checkpoint: string;
  /** How many pages have been followed since the checkpoint. */
  readonly pages: number;
  /** The number of pages after which the checkpoint moves. */
  readonly nextCheckpoint: number;
}

/** The position of the first page. */
export function firstPosition(link: string): PagePosition {
  return { link, checkpoint: fingerprint(link), pages: 1, nextCheckpoint: 1 };
}

/** The position of the page after another, or `undefined` if the link leads to an earlier page. */
export function nextPosition(position: PagePosition, link: string): PagePosition | undefined {
  const { checkpoint, pages, nextCheckpoint } = position;
  if (link === position.link || fingerprint(link) === checkpoint) return undefined;
  if (pages < nextCheckpoint) return { link, checkpoint, pages: pages + 1, nextCheckpoint };
  return { link, checkpoint: fingerprint(link), pages: 1, nextCheckpoint: nextCheckpoint * 2 };
}

/** Converts positions to opaque cursors and back. */
export interface CursorCodec {
  encode(position: PagePosition, query: string): string;
  /** @throws {CursorError} */
  decode(cursor: string, query: string): PagePosition;
}

/**
 * Seals cursors and binds each to its query: callers can neither make the service send its token to another link nor
 * see an address of Graph.
 *
 * @param secrets the first one seals; all of them open, so that they can be rotated
 */
export function createCursorCodec(secrets: readonly string[]): CursorCodec {
  const sealer = createSealer(secrets, 'cursor');
  return {
    encode: (position, query) => sealer.seal(JSON.stringify(position), query),
    decode(cursor, query) {
      const text = sealer.open(cursor, query);
      const position = text === undefined ? undefined : pagePosition.safeParse(JSON.parse(text)).data;
      if (position === undefined) throw new CursorError('the cursor was not issued for this query');
      return position;
    },
  };
}

/** 96 bits of a hash: enough to distinguish all pages of a list. */
function fingerprint(link: string): string {
  return createHash('sha256').update(link).digest('base64url').slice(0, 16);
}
