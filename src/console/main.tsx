// oxlint-disable-next-line import/no-unassigned-import -- makes it part of the build, which lets it run on its own
import './early.js';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { discardFirstResponses } from './first-requests.js';
import { presentAddress } from './old-address.js';
import { Providers } from './providers.js';
import { sessionQuery } from './queries.js';
import { createQueryClient } from './query-client.js';
import { createConsoleRouter } from './router.js';

const present = presentAddress(window.location);
if (present !== undefined) window.history.replaceState(null, '', present);

const client = createQueryClient();
const session = client.prefetchQuery(sessionQuery);
const router = createConsoleRouter(client);

/** Replaces the placeholder in `index.html`. */
function renderPage() {
  const root = document.getElementById('root');
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <Providers client={client}>
        <App router={router} />
      </Providers>
    </StrictMode>,
  );
}

async function start(): Promise<void> {
  await Promise.all([session, router.load()]).catch(() => undefined);
  renderPage();
  // The client sends its calls in a timer, which has been started before this one.
  setTimeout(discardFirstResponses);
}

// Not awaited here: the code of the page waits for this module.
void start();
