import {
  createDOMRenderer,
  FluentProvider,
  RendererProvider,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { darkColors } from './breakpoint.js';
import { DefectBoundary } from './error-boundary.js';
import { useMediaQuery } from './media-query.js';

/** The nonce of the content security policy, which every style element created here must carry. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

interface ProvidersProps {
  readonly client: QueryClient;
  readonly children: ReactNode;
}

/** The contexts of the page: styles, theme and query cache. */
export function Providers({ client, children }: ProvidersProps) {
  const isDark = useMediaQuery(darkColors);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={isDark ? webDarkTheme : webLightTheme}>
        <QueryClientProvider client={client}>
          <DefectBoundary>{children}</DefectBoundary>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}
