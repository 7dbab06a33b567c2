import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { TokenCredential } from '@azure/identity';
import type { Logger } from 'pino';
import { createAudit } from './api/audit.js';
import type { Audit } from './api/context.js';
import { createApp, type SignIn } from './app.js';
import { localOperator, type Principal } from './auth/authenticate.js';
import { createOidcSignIn } from './auth/oidc.js';
import { createMemoryStores } from './auth/stores.js';
import type { Config } from './config.js';
import { CallError } from './errors.js';
import { createGraphService } from './graph/create-graph.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { graphScope, permissionsIn, requiredPermission } from './graph/tokens/credential.js';
import { createTokenSource, type TokenSource } from './graph/tokens/token-source.js';
import { connectGraph, type GraphConnection } from './graph-connection.js';
import { createDrain } from './http/drain.js';
import { publicOrigin, requireSameOrigin } from './http/guards.js';
import { close, createHttpServer, listen } from './http/server.js';
import { type Coordination, connectReplicas } from './redis/coordination.js';
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
      graphs.with(visitor?.tokens ?? revokeWhenSessionEnds(visitor, tokens), visitor?.person.oid ?? ''),
    graphKind: simulated ? 'simulator' : 'live',
    audit,
    signIn:
      config.SIGN_IN === 'off'
        ? withoutSignIn
        : withOidc(config, access.identity, { secrets, replicas, metrics, audit, log }),
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

/** The service's own tokens, but none any more for a call whose session has ended while it waited. */
function revokeWhenSessionEnds(visitor: Principal | null, tokens: TokenSource): TokenSource {
  return {
    rejectionReason: tokens.rejectionReason,
    async get(request) {
      if ((await visitor?.isSessionActive?.()) === false) throw new CallError('SIGN_IN_REQUIRED');
      return tokens.get(request);
    },
  };
}

/** Those of the settings, or a random one. */
function sessionSecrets({ SESSION_SECRET }: Config): readonly string[] {
  return SESSION_SECRET?.map((secret) => secret.reveal()) ?? [randomBytes(32).toString('base64url')];
}

const withoutSignIn: SignIn = { sessions: undefined, routes: undefined, authenticate: localOperator };

interface SignInDeps {
  readonly secrets: readonly string[];
  readonly replicas: Coordination | undefined;
  readonly metrics: Metrics | undefined;
  readonly audit: Audit;
  readonly log: Logger;
}

function withOidc(
  config: Config,
  simulated: GraphConnection['identity'],
  { secrets, replicas, metrics, audit, log }: SignInDeps,
): SignIn {
  const { PUBLIC_URL } = config;
  const idleMs = config.SESSION_IDLE_MINUTES * 60_000;
  const keepTokens = config.GRAPH_CREDENTIAL === 'signed-in-user';
  const delegated = keepTokens ? ` ${graphScope(config.GRAPH_BASE_URL).replace('.default', requiredPermission)}` : '';
  return createOidcSignIn({
    provider: {
      issuer: config.OIDC_ISSUER ?? new URL(simulated?.issuer ?? ''),
      clientId: config.OIDC_CLIENT_ID ?? simulated?.clientId ?? '',
      clientSecret: config.OIDC_CLIENT_SECRET?.reveal() ?? simulated?.clientSecret,
      certificatePath: config.OIDC_CLIENT_CERTIFICATE_PATH,
      scope: config.OIDC_SCOPE ?? `openid profile offline_access${delegated}`,
    },
    secrets,
    secure: PUBLIC_URL?.protocol === 'https:',
    maxSessionMs: config.SESSION_MAX_HOURS * 3_600_000,
    roleNames: { reader: config.ROLE_READER, operator: config.ROLE_OPERATOR },
    keepTokens,
    stores: replicas?.stores(idleMs, secrets) ?? createMemoryStores(idleMs),
    observeRenewal: metrics && ((ok) => metrics.token('person', ok)),
    originOf: (request) => publicOrigin(request, PUBLIC_URL),
    requireOwnSite: requireSameOrigin(PUBLIC_URL),
    audit: (response, event) => audit.note({ ...event, requestId: response.locals.requestId }),
    log,
  });
}

/** Looks into the token at start-up, so that a missing permission is known before somebody's write fails of it. */
async function warnAboutMissingPermission(tokens: TokenSource, log: Logger): Promise<void> {
  const token = await tokens.get({ signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
  const permissions = token === undefined ? undefined : permissionsIn(token);
  if (permissions !== undefined && !permissions.includes(requiredPermission)) {
    log.warn({ missing: requiredPermission, permissions }, 'the Graph token lacks a permission');
  }
}
