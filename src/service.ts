import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { z } from 'zod';
import { reasonCodes, reasonOf } from './api/errors.js';
import { procedures } from './api/router.js';
import { createApp } from './app.js';
import { createAudit } from './audit/audit.js';
import type { AuditTrail } from './audit/trail.js';
import { revokeWhenSessionEnds } from './auth/session-bound-tokens.js';
import { createSignIn, sessionSecrets } from './auth/sign-in.js';
import { createMemoryStores } from './auth/stores.js';
import type { Config } from './config.js';
import { createGraph } from './graph/graph-service.js';
import { createCursorCodec } from './graph/requests/cursor.js';
import { graphScope } from './graph/tokens/credential.js';
import { createTokenSource } from './graph/tokens/credential-token-source.js';
import { approvalPermission, warnAboutMissingPermission } from './graph/tokens/permissions.js';
import { connectGraph } from './graph-backend.js';
import { createDrain } from './http/drain.js';
import { publicOrigin, requireSameOrigin } from './http/guards.js';
import { acceptPending, close, createHttpServer, listen } from './http/server.js';
import { createActivityLog } from './jobs/activity.js';
import { jobLimits } from './jobs/job-limits.js';
import { createMemoryJobQueue } from './jobs/job-queue.js';
import { createJobs } from './jobs/jobs.js';
import { createMemoryActivityStore } from './jobs/memory-activity-store.js';
import { createMemoryJobStore } from './jobs/memory-job-store.js';
import { createOutbound } from './outbound/outbound.js';
import { connectReplicas } from './redis/coordination.js';
import { readCredentialExpiries } from './telemetry/credential-expiry.js';
import { createMetrics, noMetrics } from './telemetry/metrics.js';
import { type MetricsServer, serveMetrics } from './telemetry/metrics-server.js';
import { countTokens } from './telemetry/token-metrics.js';

/**
 * How long /readyz reports 503 before the service stops listening, so that load balancers notice: all of it in
 * production, otherwise only while calls are in flight.
 */
const drainGraceMs = 5_000;

/** How long to wait for the requests of connections that were accepted last, in milliseconds. */
const firstRequestMs = 1_000;

/** Extra time to close connections, after the grace period and the longest call. */
const closeConnectionsMs = 2_000;

/**
 * The longest time that a stop may take, in milliseconds. An orchestrator must wait that long before it kills the
 * process.
 */
export const longestStopMs = (config: Config): number =>
  drainGraceMs + firstRequestMs + config.GRAPH_DEADLINE_MS + closeConnectionsMs;

/** Where `npm run build` puts the console: the same folder for the sources and for the bundle. */
const consoleFolder = fileURLToPath(new URL('../dist/console', import.meta.url));

/** The version in package.json, beside the folder of the sources and of the bundle. */
function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** The values of the labels of the metrics. */
const metricLabels = { procedures: [...procedures.keys()], reasons: Object.keys(reasonCodes) };

/** The running service. */
export interface Service {
  /** The address that the service listens on. */
  readonly url: URL;
  /** The address of the metrics, with `METRICS_PORT`. */
  readonly metricsUrl: URL | undefined;
  /** The address of the simulator, if it is the Graph behind the service. */
  readonly simulatorUrl: URL | undefined;
  /** Waits for the calls in flight, then closes everything. */
  stop(): Promise<void>;
}

/** Where the service writes lines. */
export interface ServiceOutput {
  readonly log: Logger;
  /** The number of log lines that were dropped. */
  readonly droppedLines: () => number;
  readonly trail: AuditTrail;
}

/** The composition root: creates the parts from the settings, connects them and starts to listen. */
export async function startService(config: Config, output: ServiceOutput): Promise<Service> {
  const { log, trail } = output;
  const { PUBLIC_URL, REDIS_URL } = config;
  const outbound = createOutbound(config);
  const connection = await connectGraph(config, outbound);
  const isSimulator = config.GRAPH_CREDENTIAL === 'simulator';
  const metrics = config.METRICS_PORT === undefined ? undefined : createMetrics(metricLabels);
  const recorder = metrics ?? noMetrics;
  const secrets = sessionSecrets(config);
  const coordination = REDIS_URL && connectReplicas(REDIS_URL, log, recorder.redisError);
  const tokens = createTokenSource(countTokens(connection.credential, recorder), graphScope(connection.baseUrl), log);
  const cursors = createCursorCodec(secrets);
  const graph = createGraph({
    baseUrl: connection.baseUrl,
    cursors,
    deadlineMs: config.GRAPH_DEADLINE_MS,
    writesPer20s: config.GRAPH_WRITES_PER_20S,
    log,
    observer: recorder.graph,
    connect: outbound.connect,
    coordination,
  });
  const drain = createDrain();
  // The service may begin to drain during the check.
  const isReady = async () => trail.isUp && ((await coordination?.isUp()) ?? true) && !drain.draining;
  const retentionMs = config.JOB_RETENTION_DAYS * 86_400_000;
  const onJobError = (error: unknown) => log.error({ err: error }, 'a job stopped unexpectedly');
  const jobParts = coordination?.jobs(
    { secrets: sharedSecrets(config), limits: jobLimits, retentionMs },
    onJobError,
  ) ?? { store: createMemoryJobStore(jobLimits, retentionMs), queue: createMemoryJobQueue(onJobError) };
  metrics?.observe({ ...output, graph, jobs: jobParts.store, isReady, credentialExpiries: credentialExpiries(config) });
  const activity = createActivityLog(
    coordination?.activityStore({ secrets: sharedSecrets(config), retentionMs }) ??
      createMemoryActivityStore(retentionMs),
    cursors,
  );
  const audit = createAudit(trail, reasonOf, (write) => {
    recorder.write(write);
    activity.record(write);
  });
  const signIn = createSignIn(config, {
    simulatedRegistration: connection.simulatedRegistration,
    secrets,
    createStores: (idleMs) => coordination?.stores(idleMs, secrets) ?? createMemoryStores(idleMs),
    observeRefresh: (ok) => recorder.token('person', ok),
    observeSignIn: recorder.signIn,
    originOf: (request) => publicOrigin(request, PUBLIC_URL),
    requireSameOrigin: requireSameOrigin(PUBLIC_URL),
    audit: (response, event) => audit.record({ ...event, requestId: response.locals.requestId }),
    fetch: outbound.fetch,
    log,
  });
  const jobs = createJobs({
    ...jobParts,
    cursors,
    graph,
    audit,
    callerOf: ({ oid, sessionId }) => ({
      tokens: (sessionId !== undefined && signIn.tokensOf?.(sessionId)) || tokens,
      fairnessKey: oid,
    }),
    async mayWrite({ sessionId, isDelegated }) {
      const access = sessionId === undefined ? undefined : await signIn.writeAccess?.(sessionId);
      // Without a session, the role cannot be refreshed: a job with the service's own token continues.
      return access === undefined || access === 'allowed' || (access === 'session-ended' && !isDelegated);
    },
    reasonOf,
    onOutcome: recorder.jobRow,
    onApprovalsHidden: ({ reason }) =>
      log.warn(
        { reason, missing: approvalPermission },
        'cannot read approval requests: jobs that wait for approval continue only when a user resumes them',
      ),
    onDefect: (jobId, error) => log.error({ jobId, err: error }, 'unexpected error'),
  });
  const app = createApp({
    graph,
    graphKind: isSimulator ? 'simulator' : 'live',
    callerFor: (principal) => ({
      tokens: principal?.tokens ?? revokeWhenSessionEnds(tokens, principal),
      fairnessKey: principal?.user.oid ?? '',
    }),
    signIn,
    version: readVersion(),
    audit,
    jobs,
    activity,
    publicUrl: PUBLIC_URL,
    drain,
    isReady,
    observeCall: recorder.call,
    observeRefusal: recorder.refused,
    consoleFolder,
    log,
  });
  const server = createHttpServer(app, log);
  let metricsServer: MetricsServer | undefined;

  async function closeParts(): Promise<void> {
    await graph.close();
    await coordination?.close();
    await connection.close();
    await metricsServer?.close();
  }

  try {
    if (metrics !== undefined) {
      metricsServer = await serveMetrics(metrics, config.HOST, config.METRICS_PORT ?? 0, log);
    }
    const url = await listen(server, config.PORT, config.HOST);
    void signIn.checkProvider?.();
    if (config.GRAPH_CREDENTIAL !== 'signed-in-user') void warnAboutMissingPermission(tokens, log);
    return {
      url,
      metricsUrl: metricsServer?.url,
      simulatorUrl: isSimulator ? new URL(connection.baseUrl.origin) : undefined,
      async stop() {
        const jobsStopped = jobs.stop();
        graph.cancelBulk();
        await drain.begin(config.NODE_ENV === 'production' ? drainGraceMs : 0, drainGraceMs);
        await acceptPending(server);
        const closed = close(server);
        // The requests of connections that were accepted last have not been read.
        await Promise.race([closed, sleep(firstRequestMs, undefined, { ref: false })]);
        await drain.finish(config.GRAPH_DEADLINE_MS);
        // Only connections without a complete request are left.
        server.closeAllConnections();
        await Promise.all([closed, jobsStopped]);
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

/** Without `SESSION_SECRET`, which only sign-in requires, a secret that replicas share and that outlives the process. */
function sharedSecrets(config: Config): readonly string[] {
  const { SESSION_SECRET, REDIS_URL } = config;
  return SESSION_SECRET === undefined && REDIS_URL !== undefined ? [REDIS_URL.reveal()] : sessionSecrets(config);
}

function credentialExpiries({ GRAPH_CREDENTIAL, GRAPH_ACCESS_TOKEN, SIGN_IN, OIDC_CLIENT_CERTIFICATE_PATH }: Config) {
  return readCredentialExpiries({
    accessToken: GRAPH_CREDENTIAL === 'access-token' ? GRAPH_ACCESS_TOKEN?.reveal() : undefined,
    certificatePath: SIGN_IN === 'oidc' ? OIDC_CLIENT_CERTIFICATE_PATH : undefined,
  });
}
