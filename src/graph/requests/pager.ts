import type { Logger } from 'pino';
import type { z } from 'zod';
import { protocolError, requirePage } from '../entities.js';
import type { Page } from '../graph.js';
import type { CallContext } from './call-context.js';
import { type CursorCodec, firstPosition, nextPosition } from './cursor.js';
import type { GraphClient } from './graph-client.js';

/** Reads collections page by page. */
export type Pager = <T>(
  path: string,
  schema: z.ZodType<T>,
  cursor: string | undefined,
  context: CallContext,
) => Promise<Page<T>>;

/** A cursor contains the link, and must fit into a URL. */
const maxLinkLength = 8_192;

/**
 * Follows `@odata.nextLink` unchanged, but only to Graph's own origin, since the token is sent there. A list ends if a
 * link leads to an earlier page: Intune has returned such loops.
 */
export function createPager(client: GraphClient, baseUrl: URL, cursors: CursorCodec, log: Logger): Pager {
  return (path, schema, cursor, context) => {
    const position = cursor === undefined ? firstPosition(new URL(path, baseUrl).href) : cursors.decode(cursor, path);
    return client.read(
      position.link.slice(baseUrl.origin.length),
      (response) => {
        const { items, nextLink } = requirePage(schema, response);
        if (nextLink === undefined) return { items };
        const link = URL.canParse(nextLink) ? new URL(nextLink) : undefined;
        if (link !== undefined) link.hash = '';
        if (link?.origin !== baseUrl.origin || link.href.length > maxLinkLength) throw protocolError(response);
        const next = nextPosition(position, link.href);
        if (next === undefined) {
          log.warn({ graph: response.ids }, 'the next link of a list leads to an earlier page: the list ends there');
          return { items };
        }
        return { items, nextCursor: cursors.encode(next, path) };
      },
      context,
    );
  };
}
