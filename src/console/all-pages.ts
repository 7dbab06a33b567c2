import {
  type DefaultError,
  type QueryKey,
  type UseInfiniteQueryOptions,
  useInfiniteQuery,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Failure, failureOf } from './failure.js';

/** A list that is fetched page after page, until it is whole. */
export interface AllPages<T> {
  /** What is here so far; undefined before the first page. */
  readonly items: readonly T[] | undefined;
  /** Whether nothing more is to come. */
  readonly complete: boolean;
  readonly fetching: boolean;
  /** When the last of it came. */
  readonly asOf: Date;
  readonly failure: Failure | undefined;
  /** Fetches it again, or goes on where a page could not be had. */
  readonly refresh: () => void;
}

/**
 * Fetches all pages of a list, one after another. Finding and sorting want the whole of it, and Graph can do neither
 * for these lists.
 */
export function useAllPages<Page, T, Key extends QueryKey, Cursor>(
  options: UseInfiniteQueryOptions<Page, DefaultError, T[], Key, Cursor> & { initialPageParam: Cursor },
): AllPages<T> {
  const query = useInfiniteQuery<Page, DefaultError, T[], Key, Cursor>(options);
  const { data, dataUpdatedAt, error, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, refetch } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && error === null) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);
  return {
    items: data,
    complete: data !== undefined && !hasNextPage,
    fetching: isFetching,
    asOf: new Date(dataUpdatedAt),
    failure: error === null ? undefined : failureOf(error),
    refresh: () => void (isFetchNextPageError ? fetchNextPage() : refetch()),
  };
}
