import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

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
 * Encrypts cursors (AES-256-GCM) and binds each to its query: nobody can make the service follow a link of their own
 * with its token, and no address of Graph is shown.
 *
 * @param secrets the first one encrypts; all of them decrypt, so that they can be rotated
 */
export function createCursorCodec(secrets: readonly string[]): CursorCodec {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'script-state-bff cursor', 32)));
  const [first = randomBytes(32)] = keys;

  return {
    encode(next, query) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', first, iv, { authTagLength: 16 }).setAAD(Buffer.from(query));
      const text = Buffer.concat([cipher.update(JSON.stringify(next), 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    decode(cursor, query) {
      const sealed = Buffer.from(cursor, 'base64url');
      // One way of writing each: what the decoder would overlook is no cursor of ours.
      const canonical = sealed.toString('base64url') === cursor;
      for (const key of !canonical ? [] : keys.length > 0 ? keys : [first]) {
        const found = open(key, sealed, query);
        if (found !== undefined) return found;
      }
      throw new CursorError('the cursor is not of this query');
    },
  };
}

/** Opens what the key has sealed for this query; `undefined` for everything else. */
function open(key: Buffer, sealed: Buffer, query: string): Place | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(query)).setAuthTag(sealed.subarray(12, 28));
    const text = Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
    return place.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** How long a mark is: 36 bits tell a thousand links apart. */
export const markLength = 6;

/** A short mark by which a link is recognised when it comes again. */
export function markOf(link: string): string {
  return createHash('sha256').update(link).digest('base64url').slice(0, markLength);
}
