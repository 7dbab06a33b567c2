import { createClient } from '../client/index.js';

/** Thrown instead of sending a request while the browser is offline. */
export class OfflineError extends Error {}

/** The client of the service. */
export const trpc = createClient({
  fetch: async (input, { signal = null, ...init } = {}) => {
    if (!navigator.onLine) throw new OfflineError('offline');
    return fetch(input, { ...init, signal });
  },
});
