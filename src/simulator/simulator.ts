import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import { createLoopbackCertificate } from './certificate.js';
import { createControl } from './control.js';
import { createSimulatorCredential } from './credential.js';
import type { SimulatorFault } from './faults/fault-names.js';
import { createFaultRules } from './faults/fault-rules.js';
import { createApprovals } from './graph/approvals.js';
import type { SimulatedRequest } from './graph/request.js';
import { sendResponse } from './graph/response.js';
import { createGraphRoutes } from './graph/routes.js';
import { createTenant } from './graph/tenant.js';
import { createThrottle } from './graph/throttle.js';
import { createTokenRegistry } from './graph/token-registry.js';
import { loadIdentityProvider } from './identity/identity-provider.js';
import type { SimulatedClient } from './identity/oidc-provider.js';
import { createJournal } from './journal.js';
import { createRandom } from './random.js';
import { createRequestHandler, type HandleRequest } from './request-handler.js';
import { defaultSettings, type SimulatorSettings } from './settings.js';

/** The options of a simulator. */
export interface SimulatorOptions {
  /** Determines the tenant and the random faults; 1 by default. */
  readonly seed?: number;
  /** The port on 127.0.0.1; 0, the default, selects a free port. */
  readonly port?: number;
  /** Milliseconds added to every Graph response; 0 by default. */
  readonly latencyMs?: number;
  /** The probability, from 0 to 1, of each fault per Graph request; none by default. */
  readonly faults?: ReadonlyMap<SimulatorFault, number>;
  /** Whether writes need multi admin approval; false by default. */
  readonly approval?: boolean;
  /** The throttling limit for writes within 20 s; 200 by default. */
  readonly writesPer20s?: number;
  /** The throttling limit for all requests within 20 s; 2,000 by default. */
  readonly requestsPer20s?: number;
  /** Whether to start the identity provider, which requires the development dependencies; false by default. */
  readonly identity?: boolean;
  /** Whether to serve https on a second port, which requires the development dependencies; false by default. */
  readonly tls?: boolean;
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The base URL of the simulated Graph: `http://127.0.0.1:PORT/beta` */
  readonly baseUrl: string;
  /** Requests tokens from the simulator over HTTP. */
  readonly credential: TokenCredential;
  /** The client that is registered at the identity provider; undefined without one. */
  readonly identity: SimulatedClient | undefined;
  /** The same simulator over https; undefined without the option `tls`. */
  readonly tls: TlsAddress | undefined;
  /** Stops the simulator and closes all connections, including stalled ones. */
  close(): Promise<void>;
}

/** Where a simulator serves https. */
export interface TlsAddress {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** The base URL of the simulated Graph: `https://127.0.0.1:PORT/beta` */
  readonly baseUrl: string;
  /** The certificate that clients have to trust, as PEM. It is created at start. */
  readonly certificate: string;
}

// With Node's default of 5 s, the server could close a connection just as a client reuses it.
const serverOptions = { keepAliveTimeout: 60_000 };

/** Starts a simulator. Rejects if the port is in use or a development dependency is missing. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    seed = 1,
    port = 0,
    faults = new Map<SimulatorFault, number>(),
    identity: withIdentity = false,
    tls: withTls = false,
    ...initialSettings
  } = options;
  const createIdentityProvider = withIdentity ? await loadIdentityProvider() : undefined;
  const certificate = withTls ? await createLoopbackCertificate() : undefined;

  const server = createServer(serverOptions);
  const url = `http://127.0.0.1:${await listen(server, port)}`;
  const tlsServer = certificate && createTlsServer({ ...serverOptions, ...certificate });
  const tls = tlsServer && describeTls(await listen(tlsServer, 0), certificate.cert);
  const servers = [server, ...(tlsServer === undefined ? [] : [tlsServer])];

  const closing = new AbortController();
  const settings: SimulatorSettings = { ...defaultSettings, ...initialSettings };
  const tokens = createTokenRegistry();
  const identity = createIdentityProvider?.(url, tokens);
  const approvals = createApprovals(settings, (request) => tokens.identify(request));
  const rules = createFaultRules(faults, createRandom(seed + 1));
  const journal = createJournal();
  const control = createControl({ settings, tokens, approvals, rules, journal, identity: identity?.state, tls });
  const handle = createRequestHandler({
    settings,
    tokens,
    throttle: createThrottle(settings),
    approvals,
    routes: createGraphRoutes(createTenant(seed), settings, approvals),
    rules,
    journal,
    random: createRandom(seed + 2),
    wait: (ms) => sleep(ms, undefined, { signal: closing.signal }),
  });

  // Every delayed response adds a listener.
  setMaxListeners(0, closing.signal);
  const respond: RequestListener = (request, response) => {
    if (/^\/simulator(?![^/?])/.test(request.url ?? '')) {
      control(request, response);
      return;
    }
    if (identity !== undefined && /^\/identity(?![^/?])/.test(request.url ?? '')) {
      identity.app(request, response);
      return;
    }
    // Rejects if the client disconnects before its body is read, or if the simulator closes during a delay.
    serveGraph(handle, request, response).catch(() => response.destroy());
  };
  for (const each of servers) each.on('request', respond);

  return {
    url,
    baseUrl: `${url}/beta`,
    credential: createSimulatorCredential(url),
    identity: identity?.client,
    tls,
    async close() {
      closing.abort();
      await Promise.all(servers.map(close));
    },
  };
}

function describeTls(port: number, certificate: string): TlsAddress {
  const url = `https://127.0.0.1:${port}`;
  return { url, baseUrl: `${url}/beta`, certificate };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The simulator is not listening on a port');
  return address.port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serveGraph(handle: HandleRequest, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const request: SimulatedRequest = {
    origin: `${'encrypted' in message.socket ? 'https' : 'http'}://${headers['host'] ?? '127.0.0.1'}`,
    method: message.method ?? 'GET',
    path: message.url ?? '/',
    headers,
    body: await text(message),
    requestId,
    clientRequestId: headers['client-request-id'] ?? requestId,
    batchItem: null,
  };
  await sendResponse(request, await handle(request), response);
}
