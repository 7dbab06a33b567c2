import {
  createDOMRenderer,
  FluentProvider,
  RendererProvider,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { ErrorBoundary } from 'react-error-boundary';
import { DefectNotice } from './defect-notice.js';
import { failureOf } from './failure.js';
import { MarksProvider } from './overlay/local-overlay.js';
import { sessionQuery } from './queries.js';

/** The service put it there; styles that are made here carry it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

const onError = (error: unknown) => {
  const { reason } = failureOf(error);
  // Whether the session has ended or the service is gone is told at the top, as soon as anything shows it.
  if (reason === 'SIGN_IN_REQUIRED' || reason === 'UNREACHABLE') void client.invalidateQueries(sessionQuery);
};

const client = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== 'session' && onError(error) }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      // A whole list costs Graph's quota many calls: it is fetched again when somebody wants it.
      staleTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The service has tried again already where that helps.
      retry: (count, error) => count < 2 && failureOf(error).reason === 'UNREACHABLE',
    },
    // A change is never sent into the dark, to be made some time later.
    mutations: { networkMode: 'always' },
  },
});

const darkness = matchMedia('(prefers-color-scheme: dark)');
const onDarkness = (notify: () => void) => {
  darkness.addEventListener('change', notify);
  return () => darkness.removeEventListener('change', notify);
};

/** What everything in the page can count on: styles, theme, the service's answers, the address. */
export function Providers({ children }: { readonly children: ReactNode }) {
  const dark = useSyncExternalStore(onDarkness, () => darkness.matches);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={dark ? webDarkTheme : webLightTheme}>
        <QueryClientProvider client={client}>
          <NuqsAdapter>
            <ErrorBoundary FallbackComponent={DefectNotice}>
              <MarksProvider>{children}</MarksProvider>
            </ErrorBoundary>
          </NuqsAdapter>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}
