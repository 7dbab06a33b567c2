import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { failureOf } from './failure.js';
import { sessionQuery } from './queries.js';
import { retryUnreachable } from './retry.js';

/** Creates the cache of queries, with the defaults of the console. */
export function createQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    const { reason } = failureOf(error);
    // Refetching the session updates the notices at the top of the page.
    if (reason === 'SIGN_IN_REQUIRED' || reason === 'UNREACHABLE') void client.invalidateQueries(sessionQuery);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== 'session' && onError(error) }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // A list takes many of Graph's rate-limited requests, so it is refetched only on demand.
        staleTime: 5 * 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: retryUnreachable,
      },
      // Never queue a mutation while offline, to be sent at some later time.
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}
