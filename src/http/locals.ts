import type { Person } from '../auth/person.js';

// What the steps of a request hand on to each other, on Express's own `response.locals`.
declare global {
  namespace Express {
    interface Locals {
      /** Who is signed in; `null` when nobody is. Set by `identify`. */
      person?: Person | null;
      /** What the request turned out to be for, in words that are the service's own. For the log. */
      route?: string;
    }
  }
}
