import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObserver } from '../api/instrumentation.js';
import type { WriteObserver } from '../audit/audit.js';
import type { AuditTrail } from '../audit/trail.js';
import { type SignInResult, signInResults } from '../auth/sign-in-causes.js';
import type { GraphService } from '../graph/graph-service.js';
import type { GraphObserver } from '../graph/observer.js';
import type { JobStore } from '../jobs/job-store.js';
import { createJobMetrics, type JobRecorder } from './job-metrics.js';

/** Records what the service does. No label contains anything of a person, a call's input or a token. */
export interface MetricsRecorder extends JobRecorder {
  readonly graph: GraphObserver;
  readonly call: CallObserver;
  /** A request was rejected before any procedure was called. */
  readonly refused: (reason: string) => void;
  readonly write: WriteObserver;
  /** A token was requested: one of the service's own, or the refresh of a user's. */
  readonly token: (whose: 'service' | 'person', ok: boolean) => void;
  /** A sign-in has ended. */
  readonly signIn: (result: SignInResult) => void;
  readonly redisError: () => void;
}

/** Records nothing. Recording costs a tenth of a call's processor time, so it is left out where nobody reads it. */
export const noMetrics: MetricsRecorder = {
  graph: { roundTrip: () => undefined, response: () => undefined, waited: () => undefined },
  call: () => undefined,
  refused: () => undefined,
  write: () => undefined,
  token: () => undefined,
  signIn: () => undefined,
  redisError: () => undefined,
  jobRow: () => undefined,
};

/** The service's metrics for Prometheus. */
export interface Metrics extends MetricsRecorder {
  /** The media type of {@link Metrics.text}. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  readonly text: () => Promise<string>;
  /** Reads the gauges from their sources whenever the metrics are read. */
  observe(sources: MetricsSources): void;
}

/** The known values of the labels, whose series exist from the start. */
export interface MetricLabels {
  /** The paths of all procedures. */
  readonly procedures: readonly string[];
  /** All reasons for which a call or a request fails. */
  readonly reasons: readonly string[];
}

/** What the gauges, and the counters of lines, are read from. */
export interface MetricsSources {
  readonly graph: Pick<GraphService, 'usage'>;
  readonly jobs: Pick<JobStore, 'stats'>;
  readonly isReady: () => Promise<boolean>;
  readonly trail: Pick<AuditTrail, 'isUp' | 'failed'>;
  /** The number of log lines that were dropped. */
  readonly droppedLines: () => number;
  /** When each credential expires, in seconds since 1970; NaN if that is unknown. */
  readonly credentialExpiries: ReadonlyMap<string, number>;
}

/** From a call to which Graph responds immediately to one that reaches its deadline. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

const writeActions = ['update', 'create', 'delete'] as const;
const writeOutcomes = ['applied', 'unchanged', 'rejected', 'pending-approval', 'unknown'] as const;
const methods = ['GET', 'PATCH', 'POST', 'DELETE'] as const;
const lanes = ['interactive', 'bulk'] as const;

/** The statuses that are always exported. Others appear with the first response that has them. */
const statuses = ['200', '429', '503', 'none'] as const;

/**
 * Creates the metrics. All series whose labels are known are exported from the start with 0: Prometheus' `increase` and
 * `rate` do not count the first value of a series, so that a series which starts with 1 hides its first event.
 *
 * @see https://prometheus.io/docs/practices/naming/
 * @see https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
 */
export function createMetrics({ procedures, reasons }: MetricLabels): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const about = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) => ({
    name: `script_state_bff_${name}`,
    help,
    labelNames,
    registers: [registry],
  });

  const calls = new Counter(
    about('calls_total', 'Calls by procedure and reason; OK means success.', ['procedure', 'reason']),
  );
  const callSeconds = new Histogram({
    ...about('call_duration_seconds', 'Duration of calls; of updateMany, until its stream starts.', ['procedure']),
    buckets: seconds,
  });
  const refused = new Counter(
    about('requests_refused_total', 'Requests rejected before any procedure, by reason.', ['reason']),
  );
  const writes = new Counter(
    about('writes_total', 'Writes by action and outcome; each row of updateMany and of jobs counts.', [
      'action',
      'outcome',
    ]),
  );
  const trips = new Counter(
    about('graph_round_trips_total', 'HTTP exchanges with Graph by method and status; none means no response.', [
      'method',
      'status',
    ]),
  );
  const tripSeconds = new Histogram({
    ...about('graph_round_trip_duration_seconds', 'Duration of HTTP exchanges with Graph.', ['method']),
    buckets: seconds,
  });
  const batchSize = new Histogram({
    ...about('graph_batch_requests', 'Requests in a batch.'),
    buckets: [2, 5, 10, 15, 20],
  });
  const responses = new Counter(
    about('graph_answers_total', 'Requests to Graph by method and their own status, those in batches included.', [
      'method',
      'status',
    ]),
  );
  const waitSeconds = new Histogram({
    ...about('quota_wait_seconds', 'Time that requests waited for a slot of the quota.', ['quota', 'lane']),
    buckets: [0.001, ...seconds, 120, 300],
  });
  const limit = new Gauge(about('quota_limit', 'Slots of the quota per 20 s.', ['quota']));
  const used = new Gauge(about('quota_used', 'Slots of the quota in use by all replicas that share it.', ['quota']));
  const waiting = new Gauge(about('quota_waiting', 'Requests that are waiting for a slot.', ['quota', 'lane']));
  const tokens = new Counter(
    about('token_requests_total', "Token requests: the service's own tokens, and refreshes of users' tokens.", [
      'whose',
      'result',
    ]),
  );
  const signIns = new Counter(about('sign_ins_total', 'Sign-ins by result: ok, no-role or the cause.', ['result']));
  for (const result of signInResults) signIns.inc({ result }, 0);
  const redisErrors = new Counter(about('redis_errors_total', 'Redis commands that failed.'));
  const jobMetrics = createJobMetrics(registry);
  const ready = new Gauge(about('ready', 'Whether the service is ready: 1 or 0, as /readyz reports.'));

  const clock = new Gauge(about('clock_timestamp_seconds', 'The time of this process, in seconds since 1970.'));
  const trailUp = new Gauge(about('audit_trail_up', 'Whether the audit trail can be written: 1 or 0.'));
  const trailFailures = new Counter(
    about('audit_write_failures_total', 'Lines that could not be written to the audit trail in time.'),
  );
  const linesDropped = new Counter(
    about('log_lines_dropped_total', 'Lines of the log that were dropped because its output was full or too slow.'),
  );

  const credentialExpiry = new Gauge(
    about(
      'credential_expiry_timestamp_seconds',
      'When a credential expires, in seconds since 1970; NaN means that this is unknown.',
      ['credential'],
    ),
  );

  for (const procedure of procedures) {
    callSeconds.zero({ procedure });
    for (const reason of ['OK', ...reasons]) calls.inc({ procedure, reason }, 0);
  }
  for (const reason of reasons) refused.inc({ reason }, 0);
  for (const action of writeActions) for (const outcome of writeOutcomes) writes.inc({ action, outcome }, 0);
  for (const method of methods) for (const status of statuses) responses.inc({ method, status }, 0);
  for (const method of [...methods, 'BATCH']) {
    tripSeconds.zero({ method });
    for (const status of statuses) trips.inc({ method, status }, 0);
  }
  for (const quota of ['reads', 'writes'] as const) for (const lane of lanes) waitSeconds.zero({ quota, lane });
  for (const whose of ['service', 'person']) for (const result of ['ok', 'failed']) tokens.inc({ whose, result }, 0);

  let collect: (() => Promise<void>) | undefined;

  return {
    contentType: registry.contentType,
    async text() {
      await collect?.();
      return registry.metrics();
    },
    graph: {
      roundTrip(method, status, items, duration) {
        trips.inc({ method, status });
        tripSeconds.observe({ method }, duration);
        if (items > 1) batchSize.observe(items);
      },
      response: (method, status) => responses.inc({ method, status }),
      waited: (quota, lane, duration) => waitSeconds.observe({ quota, lane }, duration),
    },
    call(procedure, reason, duration) {
      calls.inc({ procedure, reason });
      callSeconds.observe({ procedure }, duration);
    },
    refused: (reason) => refused.inc({ reason }),
    write: ({ action, outcome }) => writes.inc({ action, outcome }),
    token: (whose, ok) => tokens.inc({ whose, result: ok ? 'ok' : 'failed' }),
    signIn: (result) => signIns.inc({ result }),
    redisError: () => redisErrors.inc(),
    jobRow: jobMetrics.jobRow,
    observe({ graph, jobs, isReady, trail, droppedLines, credentialExpiries }) {
      for (const [credential, expiry] of credentialExpiries) credentialExpiry.set({ credential }, expiry);
      collect = async () => {
        clock.set(Date.now() / 1_000);
        trailUp.set(trail.isUp ? 1 : 0);
        setTotal(trailFailures, trail.failed);
        setTotal(linesDropped, droppedLines());
        const [isReadyNow, quotas, stats] = await Promise.all([
          isReady(),
          graph.usage(),
          jobs.stats().catch(() => undefined),
        ]);
        ready.set(isReadyNow ? 1 : 0);
        jobMetrics.show(stats);
        for (const { quota, ...usage } of quotas) {
          limit.set({ quota }, usage.limit);
          // Unknown while Redis is unavailable.
          used.set({ quota }, usage.used ?? Number.NaN);
          for (const lane of lanes) waiting.set({ quota, lane }, usage.waiting[lane]);
        }
      };
    },
  };
}

function setTotal(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}
