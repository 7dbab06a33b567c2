import { graphError } from './error-responses.js';
import { pathQuery, type SimulatedRequest } from './request.js';
import type { SimulatedResponse } from './response.js';

type Entity = Readonly<Record<string, unknown>>;

const defaultPageSize = 50;
const supportedOptions = ['$skiptoken', '$top', '$select'];

/**
 * One page of a collection, with the absolute link to the next page. `$top` sets the page size (1 to 1,000) and
 * `$select` the properties; any other OData option is a 400.
 */
export function listPage(
  request: SimulatedRequest,
  origin: string,
  context: string,
  entities: readonly Entity[],
): SimulatedResponse {
  const query = pathQuery(request);
  const [path = ''] = request.path.split('?', 1);
  const token = query.get('$skiptoken');
  const start = token === null ? 0 : decodeSkipToken(token, path);
  const size = query.has('$top') ? Number(query.get('$top')) : defaultPageSize;
  const supported = [...query.keys()].every((name) => supportedOptions.includes(name));
  if (!supported || start === undefined || !Number.isInteger(size) || size < 1 || size > 1000) {
    return graphError(request, 400, 'BadRequest', 'The query specified in the URI is not valid.');
  }

  const selected = query.get('$select')?.split(',');
  const select = (entity: Entity) =>
    selected === undefined
      ? entity
      : Object.fromEntries(Object.entries(entity).filter(([name]) => name.startsWith('@') || selected.includes(name)));
  const end = start + size;
  const repeatedOptions = ['$top', '$select'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`&${name}=${encodeURIComponent(value)}`];
  });
  const nextLink = `${origin}${path}?$skiptoken=${encodeSkipToken(path, end)}${repeatedOptions.join('')}`;
  return {
    status: 200,
    headers: {},
    body: {
      '@odata.context': context,
      ...(end < entities.length ? { '@odata.nextLink': nextLink } : {}),
      value: entities.slice(start, end).map(select),
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
