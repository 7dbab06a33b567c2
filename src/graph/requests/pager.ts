import type { Logger } from 'pino';
import { type CallError, requireCallError } from '../../errors.js';
import { protocolError, requirePage } from '../entities.js';
import type { GraphResponse } from '../wire/transport.js';
import type { CallContext } from './call-context.js';
import { firstPosition, nextPosition, type PagePosition, withoutRepeated } from './cursor.js';
import type { GraphClient } from './graph-client.js';
import type { List } from './list.js';

/** A page of a list, and the position of the one after it. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** The number of entries that were left out because they have an unknown form. */
  readonly unreadable: number;
  /** `undefined` on the last page. */
  readonly next: PagePosition | undefined;
}

/** Reads lists page by page: the page at a position, or the first one. @throws {CallError} */
export type Pager = <T extends { readonly id: string }>(
  list: List<T>,
  position: PagePosition | undefined,
  context: CallContext,
) => Promise<ListPage<T>>;

/** A cursor contains the link, and must fit into a URL. */
const maxLinkLength = 8_192;

/** The options of one request for a list. */
type ListQuery = Partial<Pick<List<unknown>, 'top' | 'expand'>>;

/**
 * Follows `@odata.nextLink` unchanged, but only to Graph's own origin, since the token is sent there. A list ends if a
 * link leads to an earlier page: Intune has returned such loops.
 *
 * Not every list of every tenant accepts `$top` and `$expand`. The first page is requested with them, and again without
 * those that Graph rejects. Later lists of the same kind are requested without them.
 */
export function createPager(client: GraphClient, baseUrl: URL, log: Logger): Pager {
  /** The queries that Graph rejected, each with the kind of its list. */
  const rejected = new Set<string>();

  const isFollowed = ({ origin, username, password, href }: URL) =>
    origin === baseUrl.origin && username === '' && password === '' && href.length <= maxLinkLength;

  function parse<T extends { readonly id: string }>(
    { schema, kind }: List<T>,
    position: PagePosition,
    response: GraphResponse,
  ): ListPage<T> {
    const { nextLink, unreadable, ...page } = requirePage(schema, response);
    const graph = response.ids;
    if (unreadable > 0) log.warn({ graph, list: kind, unreadable }, 'entries of a list have an unknown form');
    const items = withoutRepeated(page.items, position);
    if (nextLink === undefined) return { items, unreadable, next: undefined };
    const link = URL.canParse(nextLink) ? new URL(nextLink) : undefined;
    if (link !== undefined) link.hash = '';
    if (link === undefined || !isFollowed(link)) throw protocolError(response);
    const ids = items.map(({ id }) => id);
    const next = nextPosition(position, link.href, ids);
    if (next === undefined) {
      log.warn({ graph, list: kind }, 'the next link of a list leads to an earlier page: the list ends there');
    }
    return { items, unreadable, next };
  }

  const read: Pager = (list, position, context) => {
    if (position === undefined) return readFirst(list, context);
    const path = position.link.slice(baseUrl.origin.length);
    return client.read(path, (response) => parse(list, position, response), context);
  };

  async function readFirst<T extends { readonly id: string }>(
    list: List<T>,
    context: CallContext,
  ): Promise<ListPage<T>> {
    const keyOf = (query: ListQuery) => list.kind + textOf(query);
    const rejectedNow: ListQuery[] = [];
    let untried: readonly ListQuery[] = queriesOf(list).filter((query) => !rejected.has(keyOf(query)));
    for (;;) {
      const [query = {}, ...rest] = untried;
      try {
        const page = await read(list, firstPosition(new URL(list.path + textOf(query), baseUrl).href), context);
        // If the list fails without options too, the options are not the cause.
        for (const each of rejectedNow) rejected.add(keyOf(each));
        return page;
      } catch (error) {
        const failure = requireCallError(error);
        untried = queriesAfter(failure, query, rest);
        if (untried.length === 0) throw failure;
        if (isRejection(failure)) rejectedNow.push(query);
      }
    }
  }

  return read;
}

/** The queries to try in turn. The last one has no options. */
function queriesOf({ top, expand }: List<unknown>): readonly ListQuery[] {
  return expand === undefined ? [{ top }, {}] : [{ top, expand }, { top }, { expand }, {}];
}

function textOf({ top, expand }: ListQuery): string {
  const options = [
    ...(top === undefined ? [] : [`$top=${top}`]),
    ...(expand === undefined ? [] : [`$expand=${expand}`]),
  ];
  return options.length === 0 ? '' : `?${options.join('&')}`;
}

/** The remaining queries that may succeed after one has failed. */
function queriesAfter(failure: CallError, failed: ListQuery, rest: readonly ListQuery[]): readonly ListQuery[] {
  if (isRejection(failure)) return rest;
  // Devices need a permission of their own, which one caller may have and another may not.
  if (failure.reason === 'GRAPH_PERMISSION_MISSING' && failed.expand !== undefined) {
    return rest.filter(({ expand }) => expand === undefined);
  }
  // Without a status, the response was incomplete: too long. The same list of another script may be shorter.
  if (failure.reason === 'GRAPH_PROTOCOL' && failure.details.status === undefined && failed.top !== undefined) {
    return rest.filter(({ top }) => top === undefined);
  }
  return [];
}

function isRejection({ reason }: CallError): boolean {
  return reason === 'GRAPH_REJECTED' || reason === 'GRAPH_ROUTE_NOT_IMPLEMENTED';
}
