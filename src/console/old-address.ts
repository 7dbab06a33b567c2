import { parseSearch, stringifySearch } from './search-state.js';

/**
 * The present address of a script whose address is from a time when the console had one page:
 * `/?kind=<kind>&script=<id>&…`.
 *
 * @returns `undefined` if the address is no such one
 */
export function presentAddress({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string | undefined {
  const { kind = 'deviceManagementScript', script, ...rest } = parseSearch(search);
  if (pathname !== '/' || !script) return undefined;
  return `/scripts/${encodeURIComponent(kind)}/${encodeURIComponent(script)}${stringifySearch(rest)}`;
}
