import type { TRPCClient } from '@trpc/client';
import type { AppRouter, RouterOutputs } from '../../src/contract.js';
import type { StateRef } from '../../src/graph/ids.js';
import { isRedisInstalled, startRedis } from '../support/redis-server.js';
import { findStateError } from './calls.js';
import { createGraphClient } from './contestants/graph-sdk.js';
import { startContestant, thisService, unlimited } from './contestants.js';
import { updateInBatches } from './graph-client-bulk.js';
import { cpuMicroseconds } from './process-usage.js';
import { progress } from './progress.js';
import { countRedisCommands, type RedisCommands } from './redis-commands.js';
import type { ServerProcess } from './server-process.js';
import { createServiceClient, updateMany } from './service-client.js';
import { type BenchSimulator, startBenchSimulator, verifyStates } from './simulator.js';
import { createUpdates, stateAfter, type Update } from './update.js';

/** The size of the measurement of jobs. */
export interface JobsPlan {
  readonly rounds: number;
  readonly updates: number;
  /** The number of warm-up runs of each method, without latency. */
  readonly warmUps: number;
  /** The size of the job that is measured under the quota. */
  readonly updatesUnderQuota: number;
  /** The latency that the simulator adds to each response. */
  readonly latencyMs: number;
}

/** The result of one method, round by round. */
export interface JobsResult {
  readonly name: string;
  readonly seconds: readonly number[];
  /** Requests to Graph. A batch is one. */
  readonly graphRequests: readonly number[];
  /** Processor time of the process that calls Graph, for each update. */
  readonly microsecondsPerUpdate: readonly number[];
  /** The commands of one run. Absent if the method does not use Redis. */
  readonly redis?: RedisCommands;
}

/** The results without a quota, and under it. */
export interface JobsResults {
  readonly methods: readonly JobsResult[];
  /** The time of as many updates as under the quota, at its average rate. */
  readonly minSeconds: number;
  readonly underQuota: readonly QuotaResult[];
}

/** The result of one method under the quota. */
export interface QuotaResult {
  readonly name: string;
  readonly seconds: number;
  /** How many 429 responses Graph sent. */
  readonly throttled: number;
}

interface Method {
  readonly name: string;
  readonly run: (updates: Update[]) => Promise<void>;
  readonly pid: number;
  readonly redisUrl?: string;
  readonly seconds: number[];
  readonly graphRequests: number[];
  readonly microsecondsPerUpdate: number[];
}

const writesPer20s = 200;

/** Makes the updates of a job, and reads all results. Rejects unless each of them is reported as applied. */
async function runJob(client: TRPCClient<AppRouter>, updates: Update[]): Promise<void> {
  const { jobId } = await client.updateJob.start.mutate({ updates });
  let job: RouterOutputs['updateJob']['get'] | undefined;
  for await (const each of await client.updateJob.watch.query({ jobId })) job = each;
  if (job?.state !== 'done' || job.counts.applied !== updates.length) throw new Error(JSON.stringify(job));
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await client.updateJob.results.query({ jobId, cursor });
    for (const { index, userState } of page.items) {
      const update = updates[index];
      const error = update && userState ? findStateError(stateAfter(update), userState) : 'it has no state';
      if (error !== undefined) throw new Error(`update ${index}: ${error}`);
      count++;
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  if (count !== updates.length) throw new Error(`${count} updates were reported`);
}

/** Compares jobs with bulk updates, with and without Redis, and under Graph's quota. */
export async function measureJobs(plan: JobsPlan, folder: string): Promise<JobsResults> {
  const simulator = await startBenchSimulator(folder);
  const redis = isRedisInstalled ? await startRedis() : undefined;
  const service = await startContestant(unlimited, simulator, folder);
  const withRedis = redis && (await startContestant(unlimited, simulator, folder, { REDIS_URL: redis.url }));
  const graph = createGraphClient(simulator.baseUrl, simulator.token);
  const targets = (await simulator.someStates(plan.updates)).slice(0, plan.updates);
  const method = (name: string, pid: number, run: Method['run'], redisUrl?: string): Method => ({
    name,
    run,
    pid,
    ...(redisUrl !== undefined && { redisUrl }),
    seconds: [],
    graphRequests: [],
    microsecondsPerUpdate: [],
  });
  const methods = [
    ...methodsOf(service, '', method),
    ...(withRedis ? methodsOf(withRedis, ', with Redis', method, redis.url) : []),
    method('Graph client, batches, 16 at a time', process.pid, (updates) => updateInBatches(graph, updates, 16)),
  ];
  // A job does not write values that a state has already.
  let values = 0;
  for (const { run } of methods) {
    for (let times = 0; times < plan.warmUps; times++) await run(createUpdates(targets, ++values));
  }
  for (let round = 0; round < plan.rounds; round++) {
    const first = round % methods.length;
    for (const each of [...methods.slice(first), ...methods.slice(0, first)]) {
      await measure(each, simulator, targets, ++values, plan.latencyMs);
      progress(`jobs, round ${round + 1}: ${each.name}: ${each.seconds.at(-1)?.toFixed(2)} s`);
    }
  }
  const results: JobsResult[] = [];
  for (const { redisUrl, run, ...result } of methods) {
    const updates = createUpdates(targets, ++values);
    const commands = redisUrl === undefined ? undefined : await countRedisCommands(redisUrl, () => run(updates));
    results.push({ ...result, ...(commands && { redis: commands }) });
  }
  await Promise.all([service.stop(), withRedis?.stop(), simulator.stop()]);
  await redis?.close();
  // Both at once, each with its own quota: most of the time they wait.
  const underQuota = await Promise.all([
    measureUnderQuota('this service, `updateMany`', updateMany, plan, folder),
    measureUnderQuota('this service, job', runJob, plan, folder),
  ]);
  return { methods: results, minSeconds: (plan.updatesUnderQuota / writesPer20s) * 20, underQuota };
}

type CreateMethod = (name: string, pid: number, run: Method['run'], redisUrl?: string) => Method;

function methodsOf({ url, pid }: ServerProcess, where: string, create: CreateMethod, redisUrl?: string): Method[] {
  const client = createServiceClient(url);
  return [
    create(`this service, \`updateMany\`${where}`, pid, (updates) => updateMany(client, updates), redisUrl),
    create(`this service, job${where}`, pid, (updates) => runJob(client, updates), redisUrl),
  ];
}

async function measure(
  { run, pid, ...results }: Method,
  simulator: BenchSimulator,
  targets: readonly StateRef[],
  values: number,
  latencyMs: number,
): Promise<void> {
  const updates = createUpdates(targets, values);
  await simulator.reset();
  await simulator.settings({ latencyMs });
  const cpuBefore = cpuMicroseconds(pid);
  const startedAt = performance.now();
  await run(updates);
  results.seconds.push((performance.now() - startedAt) / 1000);
  results.microsecondsPerUpdate.push((cpuMicroseconds(pid) - cpuBefore) / updates.length);
  await simulator.settings({ latencyMs: 0 });
  const journal = await simulator.journal();
  results.graphRequests.push(journal.filter(({ batchItem }) => batchItem === null).length);
  await verifyStates(simulator, targets, values);
}

/** Runs with new processes, so that no write is in any window yet. */
async function measureUnderQuota(
  name: string,
  run: (client: TRPCClient<AppRouter>, updates: Update[]) => Promise<void>,
  plan: JobsPlan,
  folder: string,
): Promise<QuotaResult> {
  const simulator = await startBenchSimulator(folder);
  const service = await startContestant(thisService, simulator, folder, { GRAPH_WRITES_PER_20S: String(writesPer20s) });
  const client = createServiceClient(service.url);
  const targets = (await simulator.someStates(plan.updatesUnderQuota)).slice(0, plan.updatesUnderQuota);
  await simulator.settings({ writesPer20s, requestsPer20s: 10 * writesPer20s, latencyMs: plan.latencyMs });
  await simulator.reset();
  const startedAt = performance.now();
  await run(client, createUpdates(targets, 1));
  const seconds = (performance.now() - startedAt) / 1000;
  const throttled = (await simulator.journal()).filter(({ status }) => status === 429).length;
  await Promise.all([service.stop(), simulator.stop()]);
  progress(`${name}: ${targets.length} updates under the quota took ${seconds.toFixed(2)} s`);
  return { name, seconds, throttled };
}
