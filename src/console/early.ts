import { sendFirstRequests } from './first-requests.js';

// The browser runs this file before the rest of the code, which takes seconds to load over a slow connection.
const { pathname } = window.location;
sendFirstRequests(pathname);
// Otherwise the router would request it after the rest has been loaded.
if (pathname === '/') import('./overview/overview-page.js').catch(() => undefined);
