import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Deadline } from '../../scheduling/deadline.js';
import { protocolError, requirePage } from '../entities.js';
import type { Page } from '../graph.js';
import type { GraphClient } from './attempt.js';
import { type CursorCodec, markLength, markOf } from './cursor.js';

/** Reads collections page by page. */
export type Pager = <T>(
  path: string,
  schema: z.ZodType<T>,
  cursor: string | undefined,
  deadline: Deadline,
) => Promise<Page<T>>;

const marks = (seen: string): readonly string[] => seen.match(new RegExp(`.{${markLength}}`, 'g')) ?? [];

/** A listing longer than this does not end, whatever its links look like. */
const maxPages = 1000;

/** A cursor holds the link, and has to fit into an address. */
const maxLinkLength = 8_192;

/**
 * Follows `@odata.nextLink` as it is, but only to Graph's own origin, since the token goes with it, and never to a
 * page that the listing has had: Intune has been seen to loop.
 */
export function createPager(client: GraphClient, baseUrl: URL, cursors: CursorCodec, log: Logger): Pager {
  return async (path, schema, cursor, deadline) => {
    const first = new URL(path, baseUrl);
    const at = cursor === undefined ? { link: first.href, seen: '' } : cursors.decode(cursor, path);
    return client.read(
      { method: 'GET', path: at.link.slice(baseUrl.origin.length) },
      (answer) => {
        const { items, nextLink } = requirePage(schema, answer);
        if (nextLink === undefined) return { items };
        const link = URL.canParse(nextLink) ? new URL(nextLink) : undefined;
        if (link !== undefined) link.hash = '';
        const seen = `${at.seen}${markOf(at.link)}`;
        if (link?.origin !== baseUrl.origin || link.href.length > maxLinkLength || seen.length > maxPages * markLength)
          throw protocolError(answer);
        if (marks(seen).includes(markOf(link.href))) {
          log.warn({ graph: answer.ids }, 'a listing of Graph led back to a page it has had: it ends there');
          return { items };
        }
        return { items, nextCursor: cursors.encode({ link: link.href, seen }, path) };
      },
      deadline,
    );
  };
}
