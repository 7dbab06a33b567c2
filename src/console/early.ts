import { sendFirstRequests } from './first-requests.js';

// The browser runs this file before the rest of the code, which takes seconds to load over a slow connection.
const { pathname, search } = window.location;
// With this parameter, it is the address of a script, which `old-address.ts` replaces.
const isOverview = pathname === '/' && !new URLSearchParams(search).has('script');
sendFirstRequests(isOverview);
// Otherwise the router would request it after the rest has been loaded.
if (isOverview) import('./overview/overview-page.js').catch(() => undefined);
