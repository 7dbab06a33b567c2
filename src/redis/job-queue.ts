import { z } from 'zod';
import { CallError } from '../errors.js';
import type { JobQueue, RunJob } from '../jobs/job-queue.js';
import type { Redis } from './connection.js';
import { dueChannel, dueJobsKey } from './job-keys.js';
import { endRun, takeJobs } from './job-scripts.js';
import { runScript } from './script.js';

/** The lease of a run, in milliseconds. If it is not renewed, another replica continues the job. */
const leaseMs = 6_000;

const renewEveryMs = 2_000;

/** The delay before a job whose run failed is run again, in milliseconds. */
const retryMs = 2_000;

const takeReply = z
  .tuple([z.array(z.union([z.string(), z.int()])), z.array(z.string())])
  .transform(([taken, lost]) => ({
    taken: taken.flatMap((jobId, index) =>
      index % 2 === 0 ? [{ jobId: String(jobId), number: Number(taken[index + 1]) }] : [],
    ),
    lost,
  }));

/** A run of a job by this replica. */
interface Run {
  readonly jobId: string;
  readonly number: number;
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
}

/** The options of {@link createRedisJobQueue}. */
export interface RedisJobQueueOptions {
  readonly redis: Redis;
  readonly retentionMs: number;
  /** Called if the work on a job fails, except when Redis or another part is unavailable: then it is run again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Creates a queue of jobs that all replicas share. A replica takes each job that is due, and renews its lease until it
 * has ended. If it dies, another one takes the job after the lease. If it only loses its connection and the job has not
 * been taken, it continues.
 */
export function createRedisJobQueue({ redis, retentionMs, onError }: RedisJobQueueOptions): JobQueue {
  const runs = new Set<Run>();
  let runJob: RunJob | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let pending: Promise<void> | undefined;
  let isRepeated = false;
  /**
   * When jobs whose lease has ended can be taken. After an outage of Redis, the replicas that run them take precedence,
   * since only they know the outcomes of their rows.
   */
  let takeOverAt = Number.POSITIVE_INFINITY;

  async function renewAndTake(): Promise<void> {
    const own = [...runs].filter(({ stopping }) => stopping.signal.reason !== lostRun);
    const which = isStopping ? 0 : performance.now() < takeOverAt ? 1 : 2;
    const args = [retentionMs, leaseMs, which, ...own.flatMap(({ jobId, number }) => [jobId, number])];
    try {
      const { taken, lost } = takeReply.parse(await runScript(redis, takeJobs, [], args));
      takeOverAt = Math.min(takeOverAt, performance.now() + leaseMs);
      for (const run of own) if (lost.includes(run.jobId)) run.stopping.abort(lostRun);
      for (const { jobId, number } of taken) start(jobId, number);
    } catch {
      takeOverAt = Number.POSITIVE_INFINITY;
    }
  }

  /** Renews leases and takes jobs; once more if it is called during this. */
  function check(): Promise<void> {
    if (runJob === undefined) return Promise.resolve();
    isRepeated = pending !== undefined;
    pending ??= renewAndTake().finally(() => {
      pending = undefined;
      if (isRepeated) void check();
    });
    return pending;
  }

  function start(jobId: string, number: number): void {
    const stopping = new AbortController();
    const run = { jobId, number, stopping, ended: Promise.resolve() };
    run.ended = work(run);
    runs.add(run);
    if (isStopping) stopping.abort();
  }

  async function work(run: Run): Promise<void> {
    const { jobId, number, stopping } = run;
    let delayMs: number | undefined = retryMs;
    try {
      delayMs = await runJob?.(jobId, stopping.signal, number);
    } catch (error) {
      if (!(error instanceof CallError)) onError(error);
    }
    runs.delete(run);
    if (stopping.signal.aborted) delayMs = 0;
    // If this fails, the lease ends.
    await runScript(redis, endRun, [], [jobId, number, delayMs ?? '']).catch(() => undefined);
    void check();
  }

  return {
    async add(jobId) {
      try {
        await redis.run((commands) => commands.zAdd(dueJobsKey, { score: 0, value: jobId }));
        if (isStopping) await redis.run((commands) => commands.publish(dueChannel, ''));
      } catch {
        // The store has made the job due when it has queued or cancelled it.
      }
      if (!isStopping) void check();
    },
    start(run) {
      runJob = run;
      timer = setInterval(() => void check(), renewEveryMs).unref();
      redis.onConnected(() => void check());
      redis.subscribe(dueChannel, () => void check());
      void check();
    },
    async stop() {
      isStopping = true;
      // A job may have been taken whose number is not known yet.
      await pending;
      for (const { stopping } of runs) stopping.abort();
      await Promise.all(Array.from(runs, ({ ended }) => ended));
      clearInterval(timer);
    },
  };
}

/** The abort reason of a run that another one has replaced. */
const lostRun = new Error('the run has been replaced');
