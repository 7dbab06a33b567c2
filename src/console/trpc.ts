import { createTRPCClient, httpBatchStreamLink, httpLink, splitLink } from '@trpc/client';
import type { AppRouter } from '../contract.js';

/** Thrown instead of sending a request while the browser is offline. */
export class OfflineError extends Error {}

const linkOptions = {
  url: '/trpc',
  headers: { 'x-csrf': '1' },
  fetch: async (input, { signal = null, ...init } = {}) => {
    if (!navigator.onLine) throw new OfflineError('offline');
    return fetch(input, { ...init, signal });
  },
} satisfies Parameters<typeof httpLink<AppRouter>>[0];

/**
 * The tRPC client of the service, typed by the router's type alone. Calls are not batched, so that a fast one never waits
 * for a slow one. `updateMany` streams its results. Queries use POST: it keeps inputs out of URLs, which may also be too
 * short for a cursor.
 */
export const trpc = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ path }) => path === 'scriptUserState.updateMany',
      true: httpBatchStreamLink(linkOptions),
      false: httpLink({ ...linkOptions, methodOverride: 'POST' }),
    }),
  ],
});
