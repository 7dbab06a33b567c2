import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createSealer } from '../../seal.js';

/** A cursor that this service did not issue, or that it issued for another query or in an earlier version. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** The schema of a {@link PagePosition}. */
export const pagePosition = z.object({
  link: z.string(),
  checkpoint: z.string(),
  pages: z.int().min(1),
  nextCheckpoint: z.int().min(1),
  recentIds: z.string(),
});

/**
 * The position in a list: the link of the next page, the state of Brent's cycle detection, and the entries before it.
 * The algorithm remembers one earlier page, the checkpoint, and moves it to the current page whenever their distance
 * has doubled. It detects a cycle of any length.
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
  /** The fingerprints of the last ids on the earlier pages, of 8 characters each. */
  readonly recentIds: string;
}

/** The number of ids in {@link PagePosition.recentIds}. More would make cursors too long for a URL. */
const maxRecentIds = 256;

/** 48 bits: different ids that are compared have the same fingerprint once in 10⁹ pages of 1,000. */
const idFingerprintLength = 8;

/** 96 bits: enough to distinguish all pages of a list. */
const linkFingerprintLength = 16;

/** The position of the first page. */
export function firstPosition(link: string): PagePosition {
  return { link, checkpoint: fingerprint(link, linkFingerprintLength), pages: 1, nextCheckpoint: 1, recentIds: '' };
}

/**
 * The position of the page after another, or `undefined` if the link leads to an earlier page.
 *
 * @param ids the ids on that earlier page
 */
export function nextPosition(position: PagePosition, link: string, ids: readonly string[]): PagePosition | undefined {
  const { checkpoint, pages, nextCheckpoint } = position;
  const own = fingerprint(link, linkFingerprintLength);
  if (link === position.link || own === checkpoint) return undefined;
  const added = ids.slice(-maxRecentIds).map(idFingerprint);
  const recentIds = (position.recentIds + added.join('')).slice(-maxRecentIds * idFingerprintLength);
  if (pages < nextCheckpoint) return { link, checkpoint, pages: pages + 1, nextCheckpoint, recentIds };
  return { link, checkpoint: own, pages: 1, nextCheckpoint: nextCheckpoint * 2, recentIds };
}

/**
 * Removes the entries that are already on this page or at the end of the earlier pages: Graph has repeated entries
 * across pages. Ids are compared without regard to case.
 *
 * @see https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3070
 */
export function withoutRepeated<T extends { readonly id: string }>(items: readonly T[], position: PagePosition): T[] {
  const { recentIds } = position;
  const recent = new Set<string>();
  for (let at = 0; at < recentIds.length; at += idFingerprintLength) {
    recent.add(recentIds.slice(at, at + idFingerprintLength));
  }
  const seen = new Set<string>();
  return items.filter(({ id }) => {
    const key = id.toLowerCase();
    if (seen.has(key) || (recent.size > 0 && recent.has(idFingerprint(id)))) return false;
    seen.add(key);
    return true;
  });
}

/** Converts positions to opaque cursors and back. Without a position, there is no cursor. */
export interface CursorCodec {
  encode(position: object | undefined, query: string): string | undefined;
  /** @throws {CursorError} */
  decode<T>(cursor: string | undefined, schema: z.ZodType<T>, query: string): T | undefined;
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
    encode: (position, query) => position && sealer.seal(JSON.stringify(position), query),
    decode(cursor, schema, query) {
      if (cursor === undefined) return undefined;
      const text = sealer.open(cursor, query);
      const position = text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data;
      if (position === undefined) throw new CursorError('was not issued for this query');
      return position;
    },
  };
}

function idFingerprint(id: string): string {
  return fingerprint(id.toLowerCase(), idFingerprintLength);
}

function fingerprint(text: string, length: number): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, length);
}
