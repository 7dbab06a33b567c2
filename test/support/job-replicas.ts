import { afterEach, expect, vi } from 'vitest';
import type { JobRow } from '../../src/jobs/job.js';
import { jobLimits } from '../../src/jobs/job-limits.js';
import type { JobStore } from '../../src/jobs/job-store.js';
import type { Redis } from '../../src/redis/connection.js';
import { createRedisJobStore } from '../../src/redis/job-store.js';
import type { Row } from './bulk.js';
import { createClient } from './clients.js';
import type { JournalEntry } from './controls.js';
import { useFixture } from './fixture.js';
import { newValue, stateOf } from './journal.js';
import { addressOf, type Program, startProgram } from './program.js';
import { connectRedis, startRedis, type TestRedis } from './redis.js';
import { canaryToken, liveSettings, startTestService, type TestService, untilReady } from './service.js';
import { startTestSimulator, type TestSimulator } from './simulator.js';
import { type KnownState, manyStates } from './states.js';

/** A replica in a process of its own. */
export interface ReplicaProcess extends Pick<TestService, 'address' | 'client'> {
  readonly program: Program;
}

/** A Redis, a simulator with high limits, and what replicas store. */
export interface JobReplicas {
  readonly redis: TestRedis;
  readonly simulator: TestSimulator;
  readonly states: readonly KnownState[];
  /** The jobs, as a replica reads them. */
  readonly store: JobStore;
  /** The settings of a replica. */
  readonly settings: Readonly<Record<string, string>>;
  /** Starts a replica that is killed after the test, and waits until it is ready. */
  startReplica(): Promise<ReplicaProcess>;
  /** Starts a replica in this process that is stopped after the test. */
  startHere(): Promise<TestService>;
  readonly connection: Redis;
}

const everyRow = { from: 0, limit: Number.POSITIVE_INFINITY };
const slowly = { interval: 50, timeout: 60_000 };

/**
 * Starts all of it, and stops it after the last test. By default the quota is too high to slow a job down.
 *
 * @param stateCount how many user states are needed
 */
export function useJobReplicas(stateCount: number, env: Readonly<Record<string, string>> = {}): JobReplicas {
  const started: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((stop) => stop()));
  });
  const secret = 'a-session-secret-for-tests-of-jobs';

  async function start(): Promise<JobReplicas> {
    const [redis, simulator] = await Promise.all([startRedis(), startTestSimulator({ token: canaryToken })]);
    await simulator.settings({ writesPer20s: 1_000_000, requestsPer20s: 1_000_000 });
    const finder = await startTestService(liveSettings(simulator));
    const states = await manyStates(finder, stateCount);
    await finder.stop();
    const settings = {
      ...liveSettings(simulator),
      SIGN_IN: 'off',
      PORT: '0',
      LOG_LEVEL: 'info',
      GRAPH_WRITES_PER_20S: '100000',
      GRAPH_DEADLINE_MS: '20000',
      SESSION_SECRET: secret,
      REDIS_URL: redis.url,
      ...env,
    };
    const connection = await connectRedis(redis.url);
    return {
      redis,
      simulator,
      states,
      settings,
      connection,
      store: createRedisJobStore(connection, {
        secrets: [secret],
        limits: jobLimits,
        retentionMs: 86_400_000,
        onUnreadable: () => undefined,
      }),
      async startReplica() {
        const program = startProgram('dist/main.js', settings);
        started.push(() => program.stop());
        const address = await addressOf(program);
        await untilReady(address);
        return { program, address, client: createClient(address) };
      },
      async startHere() {
        const service = await startTestService(settings);
        started.push(() => service.stop());
        await untilReady(service.address);
        return service;
      },
    };
  }

  return useFixture(start, async ({ redis, simulator, connection }) => {
    redis.resume();
    await connection.close();
    await simulator.close();
    await redis.close();
  });
}

/** Repeats a call that fails, because the machine is busy. */
export async function eventually<T>(call: () => Promise<T>): Promise<T> {
  return vi.waitFor(call, { ...slowly, timeout: 30_000 });
}

/** Starts a job; only once, whether or not it has to try again. */
export async function startJob({ client }: Pick<TestService, 'client'>, updates: readonly Row[]): Promise<string> {
  const key = crypto.randomUUID();
  return (await eventually(() => client.updateJob.start.mutate({ updates, key }))).jobId;
}

/** Waits until a job has ended by itself. @returns its rows */
export async function untilDone({ store }: Pick<JobReplicas, 'store'>, jobId: string): Promise<readonly JobRow[]> {
  const state = async () => (await store.get(jobId).catch(() => undefined))?.state;
  await expect.poll(state, slowly).toBe('done');
  return eventually(() => store.rows(jobId, everyRow));
}

/** The indexes of the rows that were sent and have no stored outcome. */
export async function rowsInDoubt({ store }: Pick<JobReplicas, 'store'>, jobId: string): Promise<readonly number[]> {
  const rows = await eventually(() => store.rows(jobId, everyRow));
  return rows.filter(({ outcome, isSent }) => outcome === 'waiting' && isSent).map(({ index }) => index);
}

const valueOfRow = ({ patch }: Row): number => patch.successDeviceCount ?? Number.NaN;

/**
 * Expects that Graph has received each row as requested, at least once, and again only rows with an unknown outcome.
 * The rows have a value each.
 */
export function expectSentOnce(
  updates: readonly Row[],
  written: readonly JournalEntry[],
  inDoubt: ReadonlySet<number> = new Set(),
): void {
  const indexes = new Map(updates.map((update, index) => [valueOfRow(update), index]));
  const counts = updates.map(() => 0);
  for (const entry of written) {
    const index = indexes.get(newValue(entry));
    if (index === undefined) continue;
    expect(stateOf(entry)).toBe(updates[index]?.userStateId);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  expect(counts.flatMap((count, index) => (count === 0 ? [index] : []))).toEqual([]);
  expect(counts.flatMap((count, index) => (count > 1 && !inDoubt.has(index) ? [index] : []))).toEqual([]);
}
