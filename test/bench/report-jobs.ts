import { isRedisInstalled } from '../support/redis-server.js';
import type { JobsPlan, JobsResults } from './jobs.js';
import { range, table, whole } from './table.js';

/** Reports jobs. */
export function reportJobs(plan: JobsPlan, { methods, minSeconds, underQuota }: JobsResults): string {
  const { latencyMs, rounds, updates, updatesUnderQuota, warmUps } = plan;
  const [base] = methods;
  const rows = methods.map(({ name, seconds, graphRequests, microsecondsPerUpdate, redis }) => [
    name,
    range(seconds, 2),
    range(
      seconds.map((value, round) => value / (base?.seconds[round] ?? Number.NaN)),
      2,
    ),
    [...new Set(graphRequests)].map(whole).join(', '),
    range(microsecondsPerUpdate, 0),
    redis === undefined ? '–' : `${(redis.sent / updates).toFixed(2)} + ${(redis.inScripts / updates).toFixed(2)}`,
  ]);
  return `### ${whole(updates)} updates as a job, no quota

${table(['', 'seconds', '× `updateMany`', 'requests to Graph', 'CPU µs per update', 'Redis commands per update'], rows)}

- A job reads each state before it writes to it, which takes as many requests again. This service is
  bundled without the quota of reads, which no setting can raise. The time of a job ends when all pages of
  \`updateJob.results\` have been read, after \`updateJob.watch\` has reported the end.
- The simulator takes ${latencyMs} ms for every response, and has no quota. Rounds: ${rounds}, each in another order, after
  ${whole(updates * warmUps)} updates by each method as a warm-up. Ratios are computed per round.
- CPU is the processor time of the process that calls Graph: this service without its client, or the Graph client in the
  process of the benchmark.
- Redis commands are those that the service sends, and those that its scripts call in addition, counted by \`MONITOR\` in a
  run of its own${isRedisInstalled ? '' : ' (not measured: Redis is not installed)'}. Redis writes each change to its disk.
- Every result was checked, and every tenth state was read from the simulator.

### ${whole(updatesUnderQuota)} updates as a job under Graph's quota

${table(
  ['', 'seconds', 'at the quota', 'difference', '429 responses'],
  underQuota.map(({ name, seconds, throttled }) => [
    name,
    seconds.toFixed(2),
    minSeconds.toFixed(0),
    `${((seconds / minSeconds - 1) * 100).toFixed(2)} %`,
    whole(throttled),
  ]),
)}

- The simulator rejects more than 200 writes and 2,000 requests in any 20 s, and takes ${latencyMs} ms for every response. Both
  methods run at the same time, each with its own simulator, so that other work on the machine concerns both.`;
}
