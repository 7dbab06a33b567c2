import {
  type DefaultError,
  type QueryKey,
  type UseInfiniteQueryOptions,
  useInfiniteQuery,
} from '@tanstack/react-query';
import { useDeferredValue, useEffect } from 'react';
import { type Failure, failureOf } from './failure.js';
import type { PagedItems } from './queries.js';
import { isTemporary } from './retry.js';

/** A list that is fetched page by page until it is complete. */
export interface AllPages<T> {
  /** The items fetched so far; undefined before the first page. */
  readonly items: readonly T[] | undefined;
  /** The number of entries so far that are not among the items because they could not be read. */
  readonly unreadable: number;
  /** Whether the last page has been fetched. */
  readonly complete: boolean;
  readonly fetching: boolean;
  /** When the most recent page was received. */
  readonly asOf: Date;
  readonly failure: Failure | undefined;
  /** Refetches the list, or resumes at the page that failed. */
  readonly refresh: () => void;
}

/** Fetches all pages of a list in sequence: Graph can neither search nor sort these lists, so the console does. */
export function useAllPages<Page, T, Key extends QueryKey, Cursor>(
  options: UseInfiniteQueryOptions<Page, DefaultError, PagedItems<T>, Key, Cursor> & { initialPageParam: Cursor },
): AllPages<T> {
  const query = useInfiniteQuery<Page, DefaultError, PagedItems<T>, Key, Cursor>(options);
  const { data, dataUpdatedAt, error, failureReason, hasNextPage, isFetching, isFetchNextPageError } = query;
  const { fetchNextPage, refetch } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && error === null) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);
  // Requests the next page before rendering this one: rendering the first rows of a long list takes longer than Graph.
  const rendered = useDeferredValue(data);
  return {
    items: rendered?.items,
    unreadable: rendered?.unreadable ?? 0,
    complete: data !== undefined && rendered === data && !hasNextPage,
    fetching: isFetching || rendered !== data,
    asOf: new Date(dataUpdatedAt),
    failure: error === null ? waitingFor(failureReason) : failureOf(error),
    refresh: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  };
}

/** The failure after which a list waits. */
function waitingFor(error: Error | null): Failure | undefined {
  if (error === null) return undefined;
  const failure = failureOf(error);
  return isTemporary(failure) ? { ...failure, isRetried: true } : undefined;
}
