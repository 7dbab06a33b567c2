import { setTimeout as sleep } from 'node:timers/promises';
import type { RouterInputs, RouterOutputs } from '../../src/contract.js';
import { userStatePath } from '../../src/graph/paths.js';
import { clientWith, createStreamClient } from '../support/clients.js';
import { type Assignment, newValue, outcomeOf, recordRow, signInOnce } from './users.js';

type Job = RouterOutputs['updateJob']['get'];
type Row = RouterOutputs['updateJob']['results']['items'][number];
type Update = RouterInputs['updateJob']['start']['updates'][number];

/** How long a job may take after the load has ended, in milliseconds. */
const endWithinMs = 90_000;

/** How long the streams may take to report the end of a job, in milliseconds. */
const reportWithinMs = 20_000;

/** A job in memory is lost with its process: then no replica knows it for so long, in milliseconds. */
const lostAfterMs = 5_000;

const pauseMs = 200;

const hasEnded = ({ state }: Job) => state === 'done' || state === 'cancelled';

/**
 * Updates all of its states by jobs, one after the other, until the signal aborts. Some jobs are cancelled, and some that
 * have ended are resumed. A call that fails is made again: the key prevents a second start.
 */
export async function simulateJobUser(assignment: Assignment): Promise<void> {
  const { number, url, history, signal, states } = assignment;
  const cookie = await signInOnce(assignment);
  const client = clientWith({ address: url }, () => [cookie]);
  const streams = createStreamClient({ address: url }, { cookie });

  /** Makes a call until it has a response that is not an outage. @returns `undefined` if no replica knows the job */
  async function insist<T>(call: () => Promise<T>): Promise<T | undefined> {
    let unknownSince = Number.POSITIVE_INFINITY;
    for (let isUnknown = false; ; await sleep(pauseMs)) {
      try {
        return await call();
      } catch (error) {
        const outcome = outcomeOf(error);
        history.outcomes.set(`job call ${outcome}`, (history.outcomes.get(`job call ${outcome}`) ?? 0) + 1);
        isUnknown = outcome === 'INVALID_INPUT';
      }
      unknownSince = isUnknown ? Math.min(unknownSince, performance.now()) : Number.POSITIVE_INFINITY;
      if (performance.now() - unknownSince > lostAfterMs) return undefined;
    }
  }

  const get = (jobId: string) => insist(() => client.updateJob.get.query({ jobId }));

  /** Reads the job until it has ended. */
  async function untilEnded(jobId: string): Promise<Job | undefined> {
    for (let endsAt = Number.POSITIVE_INFINITY; ; await sleep(pauseMs)) {
      const job = await get(jobId);
      if (job === undefined || hasEnded(job) || performance.now() > endsAt) return job;
      if (job.state === 'waiting-for-sign-in') await insist(() => client.updateJob.resume.mutate({ jobId }));
      if (signal.aborted) endsAt = Math.min(endsAt, performance.now() + endWithinMs);
    }
  }

  /** Follows the job by streams, each of which may be cut, until one reports its end. */
  async function untilReported(jobId: string, stop: AbortSignal): Promise<boolean> {
    for (; !stop.aborted; await sleep(pauseMs)) {
      try {
        for await (const job of await streams.updateJob.watch.query({ jobId }, { signal: stop })) {
          if (hasEnded(job)) return true;
        }
      } catch {
        // The stream was cut.
      }
    }
    return false;
  }

  /** Waits for the end of a job, and for its report. */
  async function follow(jobId: string): Promise<{ readonly job: Job | undefined; readonly isEndSeen: boolean }> {
    const stop = new AbortController();
    const reported = untilReported(jobId, stop.signal);
    const job = await untilEnded(jobId);
    const isEndSeen = await Promise.race([reported, sleep(job === undefined ? 0 : reportWithinMs, false)]);
    stop.abort();
    return { job, isEndSeen };
  }

  async function readRows(jobId: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
      const page = await insist(() => client.updateJob.results.query({ jobId, cursor }));
      rows.push(...(page?.items ?? []));
      cursor = page?.nextCursor;
    } while (cursor !== undefined);
    return rows;
  }

  async function runJob(key: string, updates: Update[]): Promise<void> {
    const started = await insist(() => client.updateJob.start.mutate({ updates, key, title: key }));
    const jobId = started?.jobId ?? '';
    if (Math.random() < 0.2) {
      await sleep(Math.random() * 2_000);
      await insist(() => client.updateJob.cancel.mutate({ jobId }));
    }
    let { job, isEndSeen } = await follow(jobId);
    if (job !== undefined && hasEnded(job) && job.counts.applied < job.total && Math.random() < 0.5) {
      await insist(() => client.updateJob.resume.mutate({ jobId }));
      ({ job, isEndSeen } = await follow(jobId));
    }
    const rows = job === undefined ? [] : await readRows(jobId);
    const again = await insist(() => client.updateJob.start.mutate({ updates, key, title: key }));
    const isDurable = (await insist(() => client.session.current.query()))?.durableJobs === true;
    history.jobs.push({
      key,
      ids: [...new Set([jobId, ...(isDurable && again !== undefined ? [again.jobId] : [])])],
      state: job?.state,
      isDurable,
      counts: job?.counts ?? {},
      total: updates.length,
      rows: rows.map(({ outcome, patch, ...target }) => ({
        path: userStatePath(target),
        value: String(patch.errorDeviceCount),
        outcome,
      })),
      isEndSeen,
    });
    for (const [index, { patch, ...target }] of updates.entries()) {
      const row = job !== undefined && hasEnded(job) ? rows[index] : undefined;
      recordRow(history, target, patch.errorDeviceCount ?? 0, outcomeOfRow(row), 'row of a job');
    }
  }

  for (let count = 0; !signal.aborted; count++) {
    await runJob(
      `job-${number}-${count}`,
      states.map((target) => ({ ...target, patch: { errorDeviceCount: newValue() } })),
    );
  }
}

/** The outcomes of calls for those of rows. Without a result, a row may have been applied. */
const outcomes: Readonly<Record<string, string>> = {
  waiting: 'LOST',
  applied: 'OK',
  unchanged: 'OK',
  unknown: 'OUTCOME_UNKNOWN',
  'not-sent': 'NOT_SENT',
};

function outcomeOfRow(row: Row | undefined): string {
  if (row === undefined) return 'LOST';
  return outcomes[row.outcome] ?? row.error?.data.reason ?? 'INTERNAL';
}
