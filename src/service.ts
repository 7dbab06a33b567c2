import { fileURLToPath } from 'node:url';
import type { TokenCredential } from '@azure/identity';
import type { Logger } from 'pino';
import { createAudit } from './api/audit.js';
import { createApp } from './app.js';
import { createSignIn, sessionSecrets } from './auth/create-sign-in.js';
import { revokeWhenSessionEnds } from './auth/revoke-tokens.js';
import { createMemoryStores } from './auth/stores.js';
import type { Config } from './config.js';
import { createGraphService } from './graph/create-graph.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { graphScope, permissionsIn, requiredPermission } from './graph/tokens/credential.js';
import { createTokenSource, type TokenSource } from './graph/tokens/token-source.js';
import { connectGraph } from './graph-connection.js';
import { createDrain } from './http/drain.js';
import { publicOrigin, requireOwnSite } from './http/guards.js';
import { close, createHttpServer, listen } from './http/server.js';
import { syncMiddleware } from './http/sync-middleware.js';
import { connectReplicas } from './redis/coordination.js';
import { createMetrics, type Metrics } from './telemetry/metrics.js';
import { type MetricsServer, serveMetrics } from './telemetry/metrics-server.js';

/**
 * How long readiness says no before the door closes, so that load balancers notice: in production the whole of it, else
 * only as long as calls are under way.
 */
const drainGraceMs = 5_000;

/** Beside the grace and the longest call: time to close connections. */
const closingMs = 2_000;

/** The longest that a stop may take: whoever runs the service gives it that much before killing it. */
export const longestStopMs = (config: Config): number => drainGraceMs + config.GRAPH_DEADLINE_MS + closingMs;

/** `npm run build` puts the console there; it is the same folder seen from the sources and from the bundle. */
const consoleFolder = fileURLToPath(new URL('../dist/console', import.meta.url));

/** The running service. */
export interface Service {
  /** Where it listens. */
  readonly url: URL;
  /** Where the metrics are, when they are wanted. */
  readonly metricsUrl: URL | undefined;
  /** The simulator's address, where it is the Graph behind the service. */
  readonly simulatorUrl: URL | undefined;
  /** Lets calls in flight end, then closes everything. */
  stop(): Promise<void>;
}

/** Builds the parts from the settings, joins them and begins to listen. */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const access = await connectGraph(config);
  const simulated = config.GRAPH_CREDENTIAL === 'simulator';
  const metrics = config.METRICS_PORT === undefined ? undefined : createMetrics();
  const tokens = createTokenSource(countTokens(access.credential, metrics), graphScope(access.baseUrl), log);
  const secrets = sessionSecrets(config);
  const replicas = config.REDIS_URL && connectReplicas(config.REDIS_URL, log, metrics?.redisError);
  const graphs = createGraphService({
    baseUrl: access.baseUrl,
    cursors: createCursorCodec(secrets),
    deadlineMs: config.GRAPH_DEADLINE_MS,
    writesPer20s: config.GRAPH_WRITES_PER_20S,
    log,
    observer: metrics?.graph,
    shared: replicas,
  });
  const drain = createDrain();
  const audit = createAudit(log, metrics?.write);
  const isStoreUp = async () => (await replicas?.isUp()) ?? true;
  metrics?.follow(graphs, async () => !drain.draining && (await isStoreUp()));
  const app = createApp({
    graphFor: (visitor) =>
      graphs.with(visitor?.tokens ?? revokeWhenSessionEnds(tokens, visitor), visitor?.person.oid ?? ''),
    graphKind: simulated ? 'simulator' : 'live',
    audit,
    signIn: createSignIn(config, {
      simulatedProvider: access.identity,
      secrets,
      createStores: (idleMs) => replicas?.stores(idleMs, secrets) ?? createMemoryStores(idleMs),
      observeRenewal: (ok) => metrics?.token('person', ok),
      originOf: (request) => publicOrigin(request, config.PUBLIC_URL),
      requireOwnSite: syncMiddleware(requireOwnSite(config.PUBLIC_URL)),
      audit: (response, event) => audit.note({ ...event, requestId: response.locals.requestId }),
      log,
    }),
    publicUrl: config.PUBLIC_URL,
    drain,
    isStoreUp,
    observeCall: metrics?.call,
    observeRefusal: metrics?.refused,
    consoleFolder,
    log,
  });
  const server = createHttpServer(app, log);
  let metricsServer: MetricsServer | undefined;
  const closeParts = async () => {
    await graphs.close();
    await replicas?.close();
    await access.close();
    await metricsServer?.close();
  };
  try {
    if (metrics !== undefined) metricsServer = await serveMetrics(metrics, config.HOST, config.METRICS_PORT ?? 0, log);
    const url = await listen(server, config.PORT, config.HOST);
    if (config.GRAPH_CREDENTIAL !== 'signed-in-user') void warnAboutMissingPermission(tokens, log);
    return {
      url,
      metricsUrl: metricsServer?.url,
      simulatorUrl: simulated ? new URL(access.baseUrl.origin) : undefined,
      async stop() {
        graphs.endBulk();
        await drain.begin(config.NODE_ENV === 'production' ? drainGraceMs : 0, drainGraceMs);
        const closed = close(server);
        await drain.finish(config.GRAPH_DEADLINE_MS);
        // What is left has sent no whole request.
        server.closeAllConnections();
        await closed;
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

/** Counts the tokens that are asked for. */
function countTokens(credential: TokenCredential, metrics: Metrics | undefined): TokenCredential {
  if (metrics === undefined) return credential;
  return {
    async getToken(...wanted) {
      let ok = false;
      try {
        const token = await credential.getToken(...wanted);
        ok = token !== null;
        return token;
      } finally {
        metrics.token('service', ok);
      }
    },
  };
}

/** Looks into the token at start-up, so that a missing permission is known before somebody's write fails of it. */
async function warnAboutMissingPermission(tokens: TokenSource, log: Logger): Promise<void> {
  const token = await tokens.get({ signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
  const permissions = token === undefined ? undefined : permissionsIn(token);
  if (permissions !== undefined && !permissions.includes(requiredPermission)) {
    log.warn({ missing: requiredPermission, permissions }, 'the Graph token lacks a permission');
  }
}
