import { createTRPCClient, httpBatchStreamLink, httpLink, splitLink } from '@trpc/client';
import type { AppRouter } from '../contract.js';

/** The browser has no network: nothing was sent. */
export class OfflineError extends Error {}

const door = {
  url: '/trpc',
  headers: { 'x-csrf': '1' },
  fetch: async (input, { signal = null, ...init } = {}) => {
    if (!navigator.onLine) throw new OfflineError('offline');
    return fetch(input, { ...init, signal });
  },
} satisfies Parameters<typeof httpLink<AppRouter>>[0];

/**
 * The service, typed by nothing but its router's type. Each call is a request of its own, so that none waits for
 * another; the one that answers as a stream is read as a stream. Queries are posted: what is asked for stays out of
 * addresses, and a cursor can be longer than one.
 */
export const trpc = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ path }) => path === 'scriptUserState.updateMany',
      true: httpBatchStreamLink(door),
      false: httpLink({ ...door, methodOverride: 'POST' }),
    }),
  ],
});
