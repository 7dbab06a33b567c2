import type { QueryClient } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { type ComponentType, lazy, useState } from 'react';
import { DefectNotice } from './error-boundary.js';
import { isUserId } from './ids.js';
import { Layout } from './layout.js';
import { NotFoundPage } from './not-found-page.js';
import { validateOverviewSearch } from './overview/overview-search.js';
import { type ScriptRef, scriptOverviewQuery, userStatesQuery } from './queries.js';
import { scriptKinds } from './script-kinds.js';
import { parseSearch, stringifySearch } from './search-state.js';
import { validateScriptSearch } from './url-state.js';

/** A page that is loaded with its first visit. The router loads it before it leaves the page shown. */
function lazyPage(load: () => Promise<ComponentType>) {
  let page: ComponentType = lazy(async () => ({ default: await load() }));
  const preload = async () => {
    try {
      // React would show the fallback of a lazy component, for 300 ms at least, even if its code has been loaded.
      page = await load();
    } catch {
      // The page itself reports the failure.
    }
  };
  return Object.assign(() => <PageAtOpening current={() => page} />, { preload });
}

/** Renders the component that the page had when it was opened: with another component, it would lose its state. */
function PageAtOpening({ current }: { readonly current: () => ComponentType }) {
  const [Page] = useState(current);
  return <Page />;
}

const root = createRootRoute({
  component: Layout,
  errorComponent: DefectNotice,
  notFoundComponent: NotFoundPage,
});

/** Lists are requested beside the code of the page and the session, not after them. */
const createRoutes = (client: QueryClient) => {
  const overview = createRoute({
    getParentRoute: () => root,
    path: '/',
    validateSearch: validateOverviewSearch,
    loader: () => scriptKinds.forEach((kind) => void client.prefetchInfiniteQuery(scriptOverviewQuery(kind))),
    component: lazyPage(async () => (await import('./overview/overview-page.js')).OverviewPage),
  });
  const script = createRoute({
    getParentRoute: () => root,
    path: '/scripts/$scriptKind/$scriptId',
    params: {
      parse: ({ scriptKind, scriptId }): ScriptRef | false => {
        const kind = scriptKinds.find((each) => each === scriptKind);
        return kind !== undefined && { scriptKind: kind, scriptId };
      },
    },
    validateSearch: validateScriptSearch,
    remountDeps: ({ params }) => params,
    loader: ({ params }) => void client.prefetchInfiniteQuery(userStatesQuery(params)),
    component: lazyPage(async () => (await import('./script-page.js')).ScriptPage),
  });
  const person = createRoute({
    getParentRoute: () => root,
    path: '/people/$userId',
    params: { parse: ({ userId }): { readonly userId: string } | false => isUserId(userId) && { userId } },
    remountDeps: ({ params }) => params,
    component: lazyPage(async () => (await import('./person/person-page.js')).PersonPage),
  });
  const activity = createRoute({
    getParentRoute: () => root,
    path: '/activity',
    component: lazyPage(async () => (await import('./activity/activity-page.js')).ActivityPage),
  });
  const job = createRoute({
    getParentRoute: () => root,
    path: '/activity/$jobId',
    remountDeps: ({ params }) => params,
    component: lazyPage(async () => (await import('./activity/job-page.js')).JobPage),
  });
  return root.addChildren([overview, script, person, activity, job]);
};

/** Creates the router. Its paths are those at which the service serves the console. */
export function createConsoleRouter(client: QueryClient) {
  return createRouter({
    routeTree: createRoutes(client),
    parseSearch,
    stringifySearch,
    // Parameters that a page does not have are removed from its address.
    search: { strict: true },
    defaultErrorComponent: DefectNotice,
    defaultNotFoundComponent: NotFoundPage,
    // The cache of queries decides what is fetched again.
    defaultStaleTime: Number.POSITIVE_INFINITY,
    defaultPreload: 'intent',
    caseSensitive: true,
  });
}

export type ConsoleRouter = ReturnType<typeof createConsoleRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: ConsoleRouter;
  }
}
