import { type Answer, errorAnswer } from './answers.js';
import { type GraphRequest, pathQuery } from './request.js';

type Entity = Readonly<Record<string, unknown>>;

const pageSize = 50;

/**
 * One page of a collection with the absolute link to the next one. `$top` sets the size of the pages (1 to 1,000) and
 * `$select` the properties; any other option of OData is refused.
 */
export function page(request: GraphRequest, origin: string, context: string, entities: readonly Entity[]): Answer {
  const query = pathQuery(request);
  const [path = ''] = request.path.split('?', 1);
  const token = query.get('$skiptoken');
  const start = token === null ? 0 : readToken(token, path);
  const size = query.has('$top') ? Number(query.get('$top')) : pageSize;
  const known = [...query.keys()].every((name) => ['$skiptoken', '$top', '$select'].includes(name));
  if (!known || start === undefined || !Number.isInteger(size) || size < 1 || size > 1000) {
    return errorAnswer(request, 400, 'BadRequest', 'The query specified in the URI is not valid.');
  }

  const select = query.get('$select')?.split(',');
  const shown = (entity: Entity) =>
    select === undefined
      ? entity
      : Object.fromEntries(Object.entries(entity).filter(([name]) => name.startsWith('@') || select.includes(name)));
  const end = start + size;
  const options = ['$top', '$select'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`&${name}=${encodeURIComponent(value)}`];
  });
  const nextLink = `${origin}${path}?$skiptoken=${writeToken(path, end)}${options.join('')}`;
  return {
    status: 200,
    headers: {},
    body: {
      '@odata.context': context,
      ...(end < entities.length ? { '@odata.nextLink': nextLink } : {}),
      value: entities.slice(start, end).map(shown),
    },
  };
}

function writeToken(path: string, start: number): string {
  return Buffer.from(`${start} ${path}`).toString('base64url');
}

function readToken(token: string, path: string): number | undefined {
  const [, start, owner] = /^(\d+) (.*)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return start !== undefined && owner === path ? Number(start) : undefined;
}
