import { callsFor } from './calls.js';
import { startContestant, thisService } from './contestants.js';
import { startLoad } from './load.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { lookUp, startBenchSimulator } from './simulator.js';
import { mostWithin } from './statistics.js';
import { updatesOf } from './update.js';

/** How much of it to do. */
export interface QuotaPlan {
  readonly updates: number;
  /** What the simulator adds to each of its answers, in milliseconds. */
  readonly latencyMs: number;
}

/** What the bulk took, and what it did to others. */
export interface QuotaResult {
  readonly updates: number;
  readonly seconds: number;
  /** What the quota alone makes of it. */
  readonly leastSeconds: number;
  /** How often Graph said that it was too much. */
  readonly throttled: number;
  /** The most writes that Graph saw in any 20 s. */
  readonly mostWrites: number;
  /** Of interactive updates, in milliseconds: first without the bulk, then beside it. */
  readonly aloneMs: readonly number[];
  readonly besideMs: readonly number[];
}

const writesPer20s = 200;

/** What this service leaves to bulk work. */
const bulkShare = 190;

const windowMs = 20_000;
const secondsBetween = 2.5;
const warmUpReads = 100;

/** Many updates under Graph's quota, beside somebody who makes one every 2.5 s. */
export async function measureQuota(plan: QuotaPlan, folder: string): Promise<QuotaResult> {
  const windows = Math.floor((plan.updates - 1) / bulkShare);
  const leastSeconds = (windows * windowMs) / 1000;
  const interactive = leastSeconds / secondsBetween;
  const alone = await run(0, interactive, 4, plan.latencyMs, folder);
  progress('quota: measured interactive updates alone');
  const beside = await run(plan.updates, interactive, 1 / secondsBetween, plan.latencyMs, folder);
  const writes = beside.journal.filter(({ method }) => method === 'PATCH');
  return {
    updates: plan.updates,
    seconds: beside.seconds,
    leastSeconds,
    throttled: beside.journal.filter(({ status }) => status === 429).length,
    mostWrites: mostWithin(
      writes.map(({ atMs }) => atMs),
      windowMs,
    ),
    aloneMs: alone.latenciesMs,
    besideMs: beside.latenciesMs,
  };
}

/** Fresh processes, so that no window holds anything yet. */
async function run(updates: number, interactive: number, perSecond: number, latencyMs: number, folder: string) {
  const simulator = await startBenchSimulator(folder);
  const load = startLoad();
  const service = await startContestant(thisService, simulator, folder, { GRAPH_WRITES_PER_20S: String(writesPer20s) });
  const client = createServiceClient(service.url);
  const [other, ...rest] = await simulator.someStates(updates + 1);
  if (other === undefined) throw new Error('no user state');
  const targets = rest.slice(0, updates);
  for (let read = 0; read < warmUpReads; read++) await client.scriptUserState.get.query(other);
  await simulator.settings({ writesPer20s, requestsPer20s: 2000, latencyMs });
  await simulator.reset();

  const calls = Array.from({ length: interactive }, (_, index) => callsFor('tRPC', [other], index + 1)).flat();
  const startedAt = performance.now();
  const [{ latenciesMs }, seconds] = await Promise.all([
    load.run({ kind: 'rate', url: service.url, calls, perSecond, amount: interactive }),
    updates === 0 ? 0 : updateMany(client, updatesOf(targets, 1)).then(() => (performance.now() - startedAt) / 1000),
  ]);
  const journal = await simulator.journal();
  await simulator.settings({ latencyMs: 0 });
  if (updates > 0) await lookUp(simulator, targets, 1);
  await Promise.all([load, service, simulator].map((each) => each.stop()));
  return { latenciesMs, seconds, journal };
}
