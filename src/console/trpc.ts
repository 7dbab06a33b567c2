import { type ClientOptions, createClient } from '../client/index.js';
import { takeFirstResponse } from './first-requests.js';

/** Thrown instead of sending a request while the browser is offline. */
export class OfflineError extends Error {}

const options: ClientOptions = {
  fetch: async (input, { signal = null, ...init } = {}) => {
    if (!navigator.onLine) throw new OfflineError('offline');
    return takeFirstResponse(input, init.body) ?? fetch(input, { ...init, signal });
  },
};

/** The client of the service. */
export const trpc = createClient(options);

/**
 * A client for the session. Calls of one tick share a request, whose response waits for the slowest of them: the
 * session, which the whole page depends on, must not wait for a list from Graph.
 */
export const sessionTrpc = createClient(options);
