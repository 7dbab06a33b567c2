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

/** By when the client has taken the responses that it needs, in milliseconds after the page was rendered. */
const takenAfterMs = 10_000;

async function start(): Promise<void> {
  await Promise.all([session, router.load()]).catch(() => undefined);
  renderPage();
  setTimeout(discardFirstResponses, takenAfterMs);
}

// Not awaited here: the code of the page waits for this module.
void start();
