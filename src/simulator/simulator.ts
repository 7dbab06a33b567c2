import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import { createControl } from './control.js';
import { createSimulatorCredential } from './credential.js';
import type { SimulatorFault } from './faults/fault-names.js';
import { createFaultRules } from './faults/fault-rules.js';
import { createApprovals } from './graph/approvals.js';
import { createQuota } from './graph/quota.js';
import type { GraphRequest } from './graph/request.js';
import { deliver } from './graph/response.js';
import { createGraph } from './graph/routes.js';
import { createTenant } from './graph/tenant.js';
import { createTokens } from './graph/tokens.js';
import { createExchange, type Exchange } from './handle-request.js';
import { prepareIdentity } from './identity/identity.js';
import { createJournal } from './journal.js';
import { createRandom } from './random.js';
import { defaultSettings, type Settings } from './settings.js';

/** How to start a simulator. */
export interface SimulatorOptions {
  /** Decides the tenant and the draws of chance; 1 by default. */
  readonly seed?: number;
  /** 0, the default, takes a free one. It listens on 127.0.0.1 only. */
  readonly port?: number;
  /** Milliseconds added to every Graph answer; 0 by default. */
  readonly latencyMs?: number;
  /** The probability, 0 to 1, of each fault per Graph request; none by default. */
  readonly faults?: ReadonlyMap<SimulatorFault, number>;
  /** Multi admin approval is on for writes; off by default. */
  readonly approval?: boolean;
  /** Writes within 20 s before Graph throttles; 200 by default. */
  readonly writesPer20s?: number;
  /** Requests within 20 s before Graph throttles; 2,000 by default. */
  readonly requestsPer20s?: number;
  /** With an identity provider beside the Graph; needs the development dependencies. Without one by default. */
  readonly identity?: boolean;
}

/** A simulator that runs. */
export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Where its Graph is: `http://127.0.0.1:PORT/beta` */
  readonly baseUrl: string;
  /** Gets tokens from the simulator, over HTTP. */
  readonly credential: TokenCredential;
  /** How to be the client of its identity provider, when it has one. */
  readonly identity: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string } | undefined;
  /** Stops it and closes every connection, stalled ones included. */
  close(): Promise<void>;
}

/** Starts a simulator of Microsoft Graph. Rejects when the port is taken or a development dependency is missing. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    seed = 1,
    port = 0,
    faults = new Map<SimulatorFault, number>(),
    identity: withIdentity = false,
    ...given
  } = options;
  const startIdentity = withIdentity ? await prepareIdentity() : undefined;
  // Node's 5 s would close connections under a client that is about to use them again.
  const server = createServer({ keepAliveTimeout: 60_000 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The simulator listens on no port');
  const url = `http://127.0.0.1:${address.port}`;

  const closing = new AbortController();
  const settings: Settings = { ...defaultSettings, ...given };
  const tokens = createTokens();
  const identity = startIdentity?.(url, tokens);
  const approvals = createApprovals(settings);
  const rules = createFaultRules(faults, createRandom(seed + 1));
  const journal = createJournal();
  const control = createControl({ settings, tokens, approvals, rules, journal, identity: identity?.control });
  const exchange = createExchange({
    origin: url,
    settings,
    tokens,
    quota: createQuota(settings),
    approvals,
    graph: createGraph(createTenant(seed), url),
    rules,
    journal,
    random: createRandom(seed + 2),
    wait: (ms) => sleep(ms, undefined, { signal: closing.signal }),
  });

  // One listener for every answer that is being waited for.
  setMaxListeners(0, closing.signal);
  server.on('request', (request, response) => {
    if (/^\/simulator(?![^/?])/.test(request.url ?? '')) {
      control(request, response);
      return;
    }
    if (identity !== undefined && /^\/identity(?![^/?])/.test(request.url ?? '')) {
      identity.app(request, response);
      return;
    }
    // It fails when the caller went away before its body was read, or when the simulator closes: nobody waits then.
    serveGraph(exchange, request, response).catch(() => response.destroy());
  });

  return {
    url,
    baseUrl: `${url}/beta`,
    credential: createSimulatorCredential(url),
    identity: identity && {
      issuer: identity.issuer,
      clientId: identity.clientId,
      clientSecret: identity.clientSecret,
    },
    async close() {
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function serveGraph(exchange: Exchange, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const request: GraphRequest = {
    method: message.method ?? 'GET',
    path: message.url ?? '/',
    headers,
    body: await text(message),
    requestId,
    clientRequestId: headers['client-request-id'] ?? requestId,
    batchItem: null,
  };
  deliver(request, await exchange(request), response);
}
