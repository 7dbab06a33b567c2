import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { presentAddress } from './old-address.js';
import { Providers } from './providers.js';
import { sessionQuery } from './queries.js';
import { createQueryClient } from './query-client.js';
import { createConsoleRouter } from './router.js';

const present = presentAddress(window.location);
if (present !== undefined) window.history.replaceState(null, '', present);

const client = createQueryClient();
void client.prefetchQuery(sessionQuery);
const router = createConsoleRouter(client);

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Providers client={client}>
        <App router={router} />
      </Providers>
    </StrictMode>,
  );
}
