import {
  createDOMRenderer,
  FluentProvider,
  RendererProvider,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useSyncExternalStore } from 'react';
import { DefectBoundary } from './error-boundary.js';

/** The nonce of the content security policy, which every style element created here must carry. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const subscribeToColorScheme = (notify: () => void) => {
  prefersDark.addEventListener('change', notify);
  return () => prefersDark.removeEventListener('change', notify);
};
const useColorScheme = () =>
  useSyncExternalStore(subscribeToColorScheme, () => (prefersDark.matches ? 'dark' : 'light'));

interface ProvidersProps {
  readonly client: QueryClient;
  readonly children: ReactNode;
}

/** The contexts of the page: styles, theme and query cache. */
export function Providers({ client, children }: ProvidersProps) {
  const colorScheme = useColorScheme();
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={colorScheme === 'dark' ? webDarkTheme : webLightTheme}>
        <QueryClientProvider client={client}>
          <DefectBoundary>{children}</DefectBoundary>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}
