import { createGraphClient } from './contestants/graph-sdk.js';
import { startContestant, thisService } from './contestants.js';
import { updateEach, updateInBatches } from './graph-client-bulk.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { startBenchSimulator, verifyStates } from './simulator.js';
import { createUpdates, type Update } from './update.js';

/** The size of the bulk measurement. */
export interface BulkPlan {
  readonly rounds: number;
  readonly updates: number;
  /** The number of warm-up runs of each method, without latency. */
  readonly warmUps: number;
  /** The latency that the simulator adds to each response. */
  readonly latencyMs: number;
  /** Whether to measure updates one by one, which takes their number times the latency. */
  readonly oneByOne: boolean;
}

/** The result of one bulk method, round by round. */
export interface BulkResult {
  readonly name: string;
  readonly seconds: readonly number[];
  /** Requests to Graph. A batch is one. */
  readonly graphRequests: readonly number[];
}

interface BulkMethod {
  readonly name: string;
  readonly firstRoundOnly?: true;
  readonly run: (updates: Update[]) => Promise<void>;
  readonly seconds: number[];
  readonly graphRequests: number[];
}

/** Measures how long many updates take without a quota, and how many requests. */
export async function measureBulk(plan: BulkPlan, folder: string): Promise<readonly BulkResult[]> {
  const simulator = await startBenchSimulator(folder);
  const service = await startContestant(thisService, simulator, folder);
  const client = createServiceClient(service.url);
  const graph = createGraphClient(simulator.baseUrl, simulator.token);
  const targets = (await simulator.someStates(plan.updates)).slice(0, plan.updates);
  const method = (name: string, run: BulkMethod['run']) => ({ name, run, seconds: [], graphRequests: [] });
  const methods: BulkMethod[] = [
    method('this service, `updateMany`', (updates) => updateMany(client, updates)),
    method('Graph client, batches, 16 at a time', (updates) => updateInBatches(graph, updates, 16)),
    method('Graph client, batches, one by one', (updates) => updateInBatches(graph, updates, 1)),
    method('Graph client, 16 at a time', (updates) => updateEach(graph, updates, 16)),
  ];
  if (plan.oneByOne) {
    const oneByOne = method('Graph client, one by one', (updates) => updateEach(graph, updates, 1));
    methods.push({ ...oneByOne, firstRoundOnly: true });
  }

  for (const { run } of methods) {
    for (let times = 0; times < plan.warmUps; times++) await run(createUpdates(targets, 1));
  }
  for (let round = 0; round < plan.rounds; round++) {
    const first = round % methods.length;
    for (const each of [...methods.slice(first), ...methods.slice(0, first)]) {
      if (round > 0 && each.firstRoundOnly) continue;
      const run = 2 + round * methods.length + methods.indexOf(each);
      await simulator.reset();
      await simulator.settings({ latencyMs: plan.latencyMs });
      const startedAt = performance.now();
      await each.run(createUpdates(targets, run));
      each.seconds.push((performance.now() - startedAt) / 1000);
      await simulator.settings({ latencyMs: 0 });
      const journal = await simulator.journal();
      each.graphRequests.push(journal.filter(({ batchItem }) => batchItem === null).length);
      await verifyStates(simulator, targets, run);
      progress(`bulk, round ${round + 1}: ${each.name}: ${each.seconds.at(-1)?.toFixed(2)} s`);
    }
  }
  await Promise.all([service.stop(), simulator.stop()]);
  return methods;
}
