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
import { DefectBoundary } from './error-boundary.js';
import { failureOf } from './failure.js';
import { sessionQuery } from './queries.js';

/** The nonce of the content security policy, which every style element created here must carry. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

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
      // The service itself retries failed Graph requests.
      retry: (count, error) => count < 2 && failureOf(error).reason === 'UNREACHABLE',
    },
    // Never queue a mutation while offline, to be sent at some later time.
    mutations: { networkMode: 'always' },
  },
});

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const subscribeToColorScheme = (notify: () => void) => {
  prefersDark.addEventListener('change', notify);
  return () => prefersDark.removeEventListener('change', notify);
};
const useColorScheme = () =>
  useSyncExternalStore(subscribeToColorScheme, () => (prefersDark.matches ? 'dark' : 'light'));

/** The contexts of the page: styles, theme, query cache and URL state. */
export function Providers({ children }: { readonly children: ReactNode }) {
  const colorScheme = useColorScheme();
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={colorScheme === 'dark' ? webDarkTheme : webLightTheme}>
        <QueryClientProvider client={client}>
          <NuqsAdapter>
            <DefectBoundary>{children}</DefectBoundary>
          </NuqsAdapter>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}
