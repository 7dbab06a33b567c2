import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { WriteObserver } from '../api/audit.js';
import type { CallObserver } from '../api/instrument.js';
import type { GraphService } from '../graph/create-graph.js';
import type { GraphObserver } from '../graph/wire/observe.js';

/** What the service does, in numbers for Prometheus. No label holds anything of a person, a call's input or a token. */
export interface Metrics {
  /** Of the text. */
  readonly contentType: string;
  /** Everything, as Prometheus reads it. */
  readonly text: () => Promise<string>;
  readonly graph: GraphObserver;
  readonly call: CallObserver;
  /** One request was refused before any procedure was called. */
  readonly refused: (reason: string) => void;
  readonly write: WriteObserver;
  /** One attempt to get a token of the service's own, or to renew a person's. */
  readonly token: (whose: 'service' | 'person', ok: boolean) => void;
  readonly redisError: () => void;
  /** Lets these be asked whenever somebody reads. */
  follow(graphs: Pick<GraphService, 'usage'>, isReady: () => Promise<boolean>): void;
}

/** From a call that Graph answers at once to one that waits for the end of a deadline. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

/** Makes the instruments. @see https://prometheus.io/docs/practices/naming/ */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const about = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) => ({
    name: `script_state_bff_${name}`,
    help,
    labelNames,
    registers: [registry],
  });

  const calls = new Counter(
    about('calls_total', 'Calls by procedure and reason; OK is success.', ['procedure', 'reason']),
  );
  const callSeconds = new Histogram({
    ...about('call_duration_seconds', 'Time from a call to its result; of updateMany, to its first one.', [
      'procedure',
    ]),
    buckets: seconds,
  });
  const refused = new Counter(
    about('requests_refused_total', 'Requests refused before any procedure, by reason.', ['reason']),
  );
  const writes = new Counter(
    about('writes_total', 'Writes by action and outcome, rows of updateMany each.', ['action', 'outcome']),
  );
  const trips = new Counter(
    about('graph_round_trips_total', 'HTTP exchanges with Graph by method and status; none is no answer.', [
      'method',
      'status',
    ]),
  );
  const tripSeconds = new Histogram({
    ...about('graph_round_trip_duration_seconds', 'Time of an HTTP exchange with Graph.', ['method']),
    buckets: seconds,
  });
  const batchSize = new Histogram({
    ...about('graph_batch_requests', 'Requests in a batch.'),
    buckets: [2, 5, 10, 15, 20],
  });
  const answers = new Counter(
    about('graph_answers_total', 'Requests to Graph by method and their own status, also within batches.', [
      'method',
      'status',
    ]),
  );
  const waitSeconds = new Histogram({
    ...about('quota_wait_seconds', 'Time that a request waited for a slot of the quota.', ['quota', 'lane']),
    buckets: [0.001, ...seconds, 120, 300],
  });
  const limit = new Gauge(about('quota_limit', 'Slots of the quota in 20 s.', ['quota']));
  const used = new Gauge(about('quota_used', 'Slots of the quota in use, by all replicas that share it.', ['quota']));
  const waiting = new Gauge(about('quota_waiting', 'Requests that wait for a slot.', ['quota', 'lane']));
  const tokens = new Counter(
    about('token_requests_total', "Tokens asked for: the service's own, and renewals of people's.", [
      'whose',
      'result',
    ]),
  );
  const redisErrors = new Counter(about('redis_errors_total', 'Commands that Redis did not carry out.'));
  const ready = new Gauge(about('ready', 'Whether calls are welcome: 1 or 0, as /readyz says.'));

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
      answer: (method, status) => answers.inc({ method, status }),
      waited: (quota, lane, duration) => waitSeconds.observe({ quota, lane }, duration),
    },
    call(procedure, reason, duration) {
      calls.inc({ procedure, reason });
      callSeconds.observe({ procedure }, duration);
    },
    refused: (reason) => refused.inc({ reason }),
    write: (action, outcome) => writes.inc({ action, outcome }),
    token: (whose, ok) => tokens.inc({ whose, result: ok ? 'ok' : 'failed' }),
    redisError: () => redisErrors.inc(),
    follow(graphs, isReady) {
      collect = async () => {
        ready.set((await isReady()) ? 1 : 0);
        for (const { quota, ...usage } of await graphs.usage()) {
          limit.set({ quota }, usage.limit);
          // What nobody can be asked for is not shown as if it were known.
          used.set({ quota }, usage.used ?? Number.NaN);
          for (const lane of ['interactive', 'bulk'] as const) waiting.set({ quota, lane }, usage.waiting[lane]);
        }
      };
    },
  };
}
