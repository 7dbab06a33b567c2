import { createCalls } from './calls.js';
import { startContestant, thisService } from './contestants.js';
import { startLoadGenerator } from './load.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { startBenchSimulator, verifyStates } from './simulator.js';
import { maxWithin } from './statistics.js';
import { createUpdates } from './update.js';

/** The size of the quota measurement. */
export interface QuotaPlan {
  readonly updates: number;
  /** The size of a bulk update that starts at once, because no others have used the quota. */
  readonly shortUpdates: number;
  /** The latency that the simulator adds to each response. */
  readonly latencyMs: number;
}

/** The result of the quota measurement. */
export interface QuotaResult {
  readonly updates: number;
  readonly seconds: number;
  /** Of a short bulk update alone. */
  readonly shortSeconds: number;
  /** The time of as many updates at the average rate of the quota. */
  readonly minSeconds: number;
  /** How many 429 responses Graph sent. */
  readonly throttled: number;
  /** The maximum number of writes that Graph received in any 20 s. */
  readonly maxWrites: number;
  /** Latencies of interactive updates without the bulk update. */
  readonly aloneMs: readonly number[];
  /** Latencies of interactive updates during the bulk update. */
  readonly duringBulkMs: readonly number[];
}

const writesPer20s = 200;

const windowMs = 20_000;
const warmUpReads = 100;

/** Measures a bulk update under Graph's quota, and interactive updates of another caller during it. */
export async function measureQuota(plan: QuotaPlan, folder: string): Promise<QuotaResult> {
  const minSeconds = ((plan.updates / writesPer20s) * windowMs) / 1000;
  const interactiveCalls = Math.ceil(minSeconds);
  const alone = await run({ ...plan, updates: 0 }, interactiveCalls, 4, folder);
  progress('quota: measured interactive updates alone');
  const short = await run({ ...plan, updates: plan.shortUpdates }, 0, 1, folder);
  progress(`quota: a short bulk update took ${short.seconds.toFixed(2)} s`);
  const duringBulk = await run(plan, interactiveCalls, 1, folder);
  const writes = duringBulk.journal.filter(({ method }) => method === 'PATCH');
  return {
    updates: plan.updates,
    seconds: duringBulk.seconds,
    shortSeconds: short.seconds,
    minSeconds,
    throttled: duringBulk.journal.filter(({ status }) => status === 429).length,
    maxWrites: maxWithin(
      writes.map(({ atMs }) => atMs),
      windowMs,
    ),
    aloneMs: alone.latenciesMs,
    duringBulkMs: duringBulk.latenciesMs,
  };
}

/** One run with new processes, so that no write is in any window yet. */
async function run({ updates, latencyMs }: QuotaPlan, interactiveCalls: number, perSecond: number, folder: string) {
  const simulator = await startBenchSimulator(folder);
  const load = startLoadGenerator();
  const service = await startContestant(thisService, simulator, folder, { GRAPH_WRITES_PER_20S: String(writesPer20s) });
  const client = createServiceClient(service.url);
  const [interactiveTarget, ...rest] = await simulator.someStates(updates + 1);
  if (interactiveTarget === undefined) throw new Error('there is no user state');
  const targets = rest.slice(0, updates);
  for (let read = 0; read < warmUpReads; read++) await client.scriptUserState.get.query(interactiveTarget);
  await simulator.settings({ writesPer20s, requestsPer20s: 2000, latencyMs });
  await simulator.reset();

  const calls = Array.from({ length: interactiveCalls }, (_, index) =>
    createCalls('tRPC', [interactiveTarget], index + 1),
  ).flat();
  const startedAt = performance.now();
  const [{ latenciesMs }, seconds] = await Promise.all([
    interactiveCalls === 0
      ? { latenciesMs: [] }
      : load.run({ kind: 'fixed rate', url: service.url, calls, perSecond, amount: interactiveCalls }),
    updates === 0
      ? 0
      : updateMany(client, createUpdates(targets, 1)).then(() => (performance.now() - startedAt) / 1000),
  ]);
  const journal = await simulator.journal();
  await simulator.settings({ latencyMs: 0 });
  if (updates > 0) await verifyStates(simulator, targets, 1);
  await Promise.all([load, service, simulator].map((each) => each.stop()));
  return { latenciesMs, seconds, journal };
}
