import type { Entity } from './query-options.js';
import { invalidQuery, type QueryOption, type QueryOptions, shapeEntities } from './query-options.js';
import type { SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

const defaultPageSize = 50;
const repeatedOptions = ['$top', '$select', '$expand', '$count'] as const satisfies readonly QueryOption[];

/** The options that every list accepts. */
export const listOptions = ['$skiptoken', '$top', '$select', '$count'] as const satisfies readonly QueryOption[];

/**
 * One page of a collection, with the absolute link to the next page. `$top` sets the page size (1 to 1,000). A page
 * repeats the last `repeatedEntities` entities of the page before it.
 */
export function listPage(
  request: SimulatedRequest,
  context: string,
  entities: readonly Entity[],
  options: QueryOptions,
  { repeatedEntities }: { readonly repeatedEntities: number },
): SimulatedResponse {
  const [path = ''] = request.path.split('?', 1);
  const token = options.get('$skiptoken');
  const start = token === undefined ? 0 : decodeSkipToken(token, path);
  if (start === undefined) return invalidQuery(request, '$skiptoken is not from a link of this list.');
  const top = options.get('$top');
  const size = top === undefined ? defaultPageSize : Number(top);
  if (!Number.isInteger(size) || size < 1 || size > 1000) {
    return invalidQuery(request, `The value '${top}' for $top must be an integer from 1 to 1000.`);
  }
  const count = options.get('$count');
  if (count !== undefined && count !== 'true' && count !== 'false') {
    return invalidQuery(request, `The value '${count}' for $count must be true or false.`);
  }

  const end = start + size;
  const value = shapeEntities(request, options, entities.slice(Math.max(0, start - repeatedEntities), end));
  if ('status' in value) return value;
  const query = repeatedOptions.flatMap((name) => {
    const option = options.get(name);
    return option === undefined ? [] : [`&${name}=${encodeURIComponent(option)}`];
  });
  const nextLink = `${request.origin}${path}?$skiptoken=${encodeSkipToken(path, end)}${query.join('')}`;
  return {
    status: 200,
    headers: {},
    body: {
      '@odata.context': context,
      ...(count === 'true' ? { '@odata.count': entities.length } : {}),
      ...(end < entities.length ? { '@odata.nextLink': nextLink } : {}),
      value,
    },
  };
}

function encodeSkipToken(path: string, start: number): string {
  return Buffer.from(`${start} ${path}`).toString('base64url');
}

function decodeSkipToken(token: string, path: string): number | undefined {
  const [, start, tokenPath] = /^(\d+) (.*)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return start !== undefined && tokenPath === path ? Number(start) : undefined;
}
