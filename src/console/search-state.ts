import { useMatch, useRouter } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useSyncExternalStore } from 'react';

/** The parameters of a query string before their validation. */
export type RawSearch = Readonly<Record<string, unknown>>;

/** Parses a query string. All values are texts, so that the address of a page is readable. */
export const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));

/** Writes a query string, without the parameters that have no value. */
export function stringifySearch(search: object): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/** The value of a parameter if it is a text with at least one character. */
export const textParameter = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The value of a parameter if it is one of the given values. */
export const choiceParameter = <Value extends string>(value: unknown, values: readonly Value[]): Value | undefined =>
  values.find((each) => each === value);

/** `true` if a parameter is set. */
export const flagParameter = (value: unknown): true | undefined => (String(value) === 'true' ? true : undefined);

/** The validated fields without those that have no value. */
export function definedFields<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
export function definedFields(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

interface SetOptions {
  /** Adds an entry to the history, which Back returns from. By default, the current entry is replaced. */
  readonly history?: 'push' | 'replace';
}

/**
 * The search parameters of the current page. They can be shared as a link and are restored after a sign-in.
 *
 * Reads the router's history, which changes at once: the router itself renders a change later, in a transition, and a
 * text field would lose characters.
 *
 * @param validate the validation of the route, of stable identity
 */
export function useSearchState<Search extends object>(
  validate: (search: RawSearch) => Search,
): readonly [Search, (change: { readonly [Name in keyof Search]?: unknown }, options?: SetOptions) => Search] {
  const { history } = useRouter();
  const pathname = useMatch({ strict: false, select: (match) => match.pathname });
  const shown = useRef('');
  const text = useSyncExternalStore(history.subscribe, () => {
    // The page stays visible while the next one is loading, whose parameters are others.
    if (decodeURI(history.location.pathname) === decodeURI(pathname)) shown.current = history.location.search;
    return shown.current;
  });
  const search = useMemo(() => validate(parseSearch(text)), [validate, text]);
  const set = useCallback(
    (change: { readonly [Name in keyof Search]?: unknown }, { history: mode = 'replace' }: SetOptions = {}) => {
      const { location } = history;
      const next = validate({ ...parseSearch(location.search), ...change });
      history[mode](`${location.pathname}${stringifySearch(next)}`);
      return next;
    },
    [history, validate],
  );
  return [search, set];
}
