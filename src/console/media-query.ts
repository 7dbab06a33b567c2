import { useCallback, useSyncExternalStore } from 'react';

/**
 * Whether any of some media queries applies, kept up to date.
 *
 * @param rules the queries as rules of a style sheet: `@media (max-width: 800px)`
 */
export function useMediaQuery(...rules: readonly string[]): boolean {
  const query = rules.map((rule) => rule.replace('@media ', '')).join(', ');
  const subscribe = useCallback(
    (notify: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', notify);
      return () => list.removeEventListener('change', notify);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
