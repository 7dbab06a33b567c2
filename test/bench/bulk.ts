import { createGraphClient } from './contestants/graph-sdk.js';
import { startContestant, thisService } from './contestants.js';
import { updateByBatches, updateEach } from './graph-client-bulk.js';
import { progress } from './progress.js';
import { createServiceClient, updateMany } from './service-client.js';
import { lookUp, startBenchSimulator } from './simulator.js';
import { type Update, updatesOf } from './update.js';

/** How much of it to do. */
export interface BulkPlan {
  readonly rounds: number;
  readonly updates: number;
  /** How often each way is gone before it is measured, without latency. */
  readonly warmUps: number;
  /** What the simulator adds to each of its answers, in milliseconds. */
  readonly latencyMs: number;
  /** Whether to have the one that sends updates one by one, which takes their number times the latency. */
  readonly oneByOne: boolean;
}

/** What one way of making many updates took, round by round. */
export interface BulkResult {
  readonly name: string;
  readonly seconds: readonly number[];
  /** Requests to Graph, a batch being one. */
  readonly roundTrips: readonly number[];
}

interface Way {
  readonly name: string;
  readonly firstRoundOnly?: true;
  readonly run: (updates: Update[]) => Promise<void>;
  readonly seconds: number[];
  readonly roundTrips: number[];
}

/** Many updates without a quota: how long they take, and how many requests. */
export async function measureBulk(plan: BulkPlan, folder: string): Promise<readonly BulkResult[]> {
  const simulator = await startBenchSimulator(folder);
  const service = await startContestant(thisService, simulator, folder);
  const client = createServiceClient(service.url);
  const graph = createGraphClient(simulator.baseUrl, simulator.token);
  const targets = (await simulator.someStates(plan.updates)).slice(0, plan.updates);
  const way = (name: string, run: Way['run']): Way => ({ name, run, seconds: [], roundTrips: [] });
  const ways: Way[] = [
    way('this service, `updateMany`', (updates) => updateMany(client, updates)),
    way('Graph client, its batches, 16 in flight', (updates) => updateByBatches(graph, updates, 16)),
    way('Graph client, its batches, one after another', (updates) => updateByBatches(graph, updates, 1)),
    way('Graph client, 16 at a time', (updates) => updateEach(graph, updates, 16)),
  ];
  if (plan.oneByOne) {
    ways.push({ ...way('Graph client, one by one', (updates) => updateEach(graph, updates, 1)), firstRoundOnly: true });
  }

  for (const { run } of ways) {
    for (let times = 0; times < plan.warmUps; times++) await run(updatesOf(targets, 1));
  }
  for (let round = 0; round < plan.rounds; round++) {
    const turn = round % ways.length;
    for (const each of [...ways.slice(turn), ...ways.slice(0, turn)]) {
      if (round > 0 && each.firstRoundOnly) continue;
      const run = 2 + round * ways.length + ways.indexOf(each);
      await simulator.reset();
      await simulator.settings({ latencyMs: plan.latencyMs });
      const startedAt = performance.now();
      await each.run(updatesOf(targets, run));
      each.seconds.push((performance.now() - startedAt) / 1000);
      await simulator.settings({ latencyMs: 0 });
      const journal = await simulator.journal();
      each.roundTrips.push(journal.filter(({ batchItem }) => batchItem === null).length);
      await lookUp(simulator, targets, run);
      progress(`bulk, round ${round + 1}: ${each.name}: ${each.seconds.at(-1)?.toFixed(2)} s`);
    }
  }
  await Promise.all([service.stop(), simulator.stop()]);
  return ways;
}
