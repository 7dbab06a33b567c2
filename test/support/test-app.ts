import type { TokenCredential } from '@azure/identity';
import type { Express } from 'express';
import { reasonOf } from '../../src/api/errors.js';
import { type AppParts, createApp } from '../../src/app.js';
import { createAudit } from '../../src/audit/audit.js';
import type { Authenticate } from '../../src/auth/principal.js';
import type { Graph } from '../../src/graph/graph.js';
import { createGraph } from '../../src/graph/graph-service.js';
import { createCursorCodec } from '../../src/graph/requests/cursor.js';
import { accessTokenCredential, graphScope } from '../../src/graph/tokens/credential.js';
import { createTokenSource } from '../../src/graph/tokens/credential-token-source.js';
import { createDrain } from '../../src/http/drain.js';
import { close, createHttpServer, listen, type ServerLimits } from '../../src/http/server.js';
import { createActivityLog } from '../../src/jobs/activity.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import { createMemoryJobQueue } from '../../src/jobs/job-queue.js';
import { createJobs } from '../../src/jobs/jobs.js';
import { createMemoryActivityStore } from '../../src/jobs/memory-activity-store.js';
import { createMemoryJobStore } from '../../src/jobs/memory-job-store.js';
import { createLog } from '../../src/log.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { noMetrics } from '../../src/telemetry/metrics.js';
import { createClient } from './clients.js';
import { canaryToken, loggedTrail, type TestService } from './service.js';

/** The differences between a test app and the service's app. */
export interface TestAppOptions {
  readonly authenticate: Authenticate;
  readonly graphUrl: string;
  /** Whether there is a sign-in; then any host is accepted. True by default. */
  readonly signIn?: boolean;
  readonly writesPer20s?: number;
  /** The longest time that one call may take, in milliseconds; 6 s by default. */
  readonly deadlineMs?: number;
  /** Of the service; by default one with a fixed token. */
  readonly credential?: TokenCredential;
  readonly cursors?: ReturnType<typeof createCursorCodec>;
  /** Replaces the Graph layer that calls use. */
  readonly wrapGraph?: (graph: Graph) => Graph;
  /** The limits of the server that differ from the service's. */
  readonly limits?: Partial<ServerLimits>;
  /** Creates the app from its parts. */
  readonly create?: (parts: AppParts) => Express;
}

/** Starts the app over HTTP with its own Graph layer, without the rest of the service and without sessions. */
export async function startTestApp({
  authenticate,
  graphUrl,
  signIn = true,
  writesPer20s = 200,
  deadlineMs = 6000,
  credential = accessTokenCredential(canaryToken),
  cursors = createCursorCodec([]),
  wrapGraph = (graph) => graph,
  limits = {},
  create = createApp,
}: TestAppOptions): Promise<Pick<TestService, 'client' | 'address' | 'logged' | 'stop'>> {
  const logged: string[] = [];
  const log = createLog('trace', { write: (line: string) => void logged.push(line) });
  const baseUrl = new URL(graphUrl);
  const tokens = createTokenSource(credential, graphScope(baseUrl), log);
  const graph = createGraph({
    baseUrl,
    cursors,
    deadlineMs,
    writesPer20s,
    log,
    observer: noMetrics.graph,
    connect: createOutbound({}).connect,
  });
  const activity = createActivityLog(createMemoryActivityStore(3_600_000), cursors);
  const audit = createAudit(loggedTrail(logged), reasonOf, activity.record);
  const jobs = createJobs({
    store: createMemoryJobStore(jobLimits, 3_600_000),
    queue: createMemoryJobQueue((error) => log.error({ err: error }, 'a job stopped unexpectedly')),
    cursors,
    graph,
    audit,
    callerOf: ({ oid }) => ({ tokens, fairnessKey: oid }),
    mayWrite: async () => true,
    reasonOf,
    onOutcome: () => undefined,
    onApprovalsHidden: () => undefined,
    onDefect: () => undefined,
  });
  const app = create({
    graph: wrapGraph(graph),
    graphKind: 'live',
    version: '0.0.0-test',
    callerFor: (principal) => ({ tokens, fairnessKey: principal?.user.oid ?? '' }),
    audit,
    jobs,
    activity,
    signIn: { sessions: signIn ? (_request, _response, next) => next() : undefined, routes: undefined, authenticate },
    publicUrl: undefined,
    isReady: async () => true,
    observeCall: noMetrics.call,
    observeRefusal: noMetrics.refused,
    consoleFolder: 'dist/console',
    drain: createDrain(),
    log,
  });
  const server = createHttpServer(app, log, limits);
  const { origin: address } = await listen(server, 0, '127.0.0.1');
  return {
    address,
    client: createClient(address),
    logged,
    async stop() {
      await jobs.stop();
      await close(server);
      await graph.close();
    },
  };
}
