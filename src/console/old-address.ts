import { parseSearch, stringifySearch } from './search-state.js';

/**
 * Converts the address of a script from before the console had several pages: `/?kind=<kind>&script=<id>&…`.
 *
 * @returns `undefined` for any other address
 */
export function presentAddress({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string | undefined {
  const { kind = 'deviceManagementScript', script, ...rest } = parseSearch(search);
  if (pathname !== '/' || !script) return undefined;
  return `/scripts/${encodeURIComponent(kind)}/${encodeURIComponent(script)}${stringifySearch(rest)}`;
}
