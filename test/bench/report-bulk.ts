import type { BulkPlan, BulkResult } from './bulk.js';
import type { MemoryResult } from './bulk-memory.js';
import type { QuotaPlan, QuotaResult } from './bulk-quota.js';
import { percentile } from './statistics.js';
import { mebibytes, range, table, whole } from './table.js';

/** The part of the report that is about many updates without a quota. */
export function reportBulk(
  { latencyMs, oneByOne, rounds, updates, warmUps }: BulkPlan,
  results: readonly BulkResult[],
): string {
  const rows = results.map(({ name, seconds, roundTrips }) => [
    name,
    range(seconds, 2),
    [...new Set(roundTrips)].map(whole).join(', '),
  ]);
  return `### ${whole(updates)} updates at once, no quota

${table(['', 'seconds', 'requests to Graph'], rows)}

- The simulator takes ${latencyMs} ms for every answer, a batch's included, and has no quota. Rounds: ${rounds}, the ways in another order
  each time${oneByOne ? ' (one by one: one round)' : ''}, after ${whole(updates * warmUps)} updates by each that do not count.
- This service is called through tRPC's own client (\`httpBatchStreamLink\`), its hop and its checks included; the Graph
  client speaks to Graph directly, from the process of the benchmark. Its batches are \`BatchRequestContent\` with 20 items.
- Requests are those in the simulator's journal, a batch being one.
- Every result was checked to have the values asked for, and every tenth state was read from the simulator itself.`;
}

/** The part of the report that is about many updates under a quota. */
export function reportQuota({ latencyMs }: QuotaPlan, result: QuotaResult): string {
  const latencies = (name: string, values: readonly number[]) => [
    name,
    whole(values.length),
    percentile(values, 0.5).toFixed(1),
    Math.max(...values).toFixed(1),
  ];
  const { seconds, leastSeconds } = result;
  return `### ${whole(result.updates)} updates by \`updateMany\` under Graph's quota, beside interactive ones

${table(
  ['seconds', 'least possible', 'over it', '429 answers', 'most writes in 20 s'],
  [
    [
      seconds.toFixed(2),
      leastSeconds.toFixed(0),
      `${((seconds / leastSeconds - 1) * 100).toFixed(2)} %`,
      whole(result.throttled),
      whole(result.mostWrites),
    ],
  ],
)}

${table(
  ['interactive updates', 'calls', 'p50 ms', 'greatest ms'],
  [latencies('without the bulk', result.aloneMs), latencies('beside it', result.besideMs)],
)}

- The simulator refuses more than 200 writes in any 20 s, and takes ${latencyMs} ms for every answer. This service is started with
  \`GRAPH_WRITES_PER_20S=200\`, of which it leaves 190 to bulk work: the least possible is 20 s for every further 190 updates.
- Beside the bulk, another caller updates one other state every 2.5 s over a connection of its own; without it, four
  times a second. Both with fresh processes, after 100 reads.
- 429 answers and writes are counted in the simulator's journal; the interactive writes are among them.`;
}

/** The part of the report that is about memory. */
export function reportMemory({ rows, rowsPerCall, rowsPerSecond, looks, peakBytes }: MemoryResult): string {
  return `### ${whole(rows)} updates in a row

${table(
  ['rows per second', ...looks.map((look) => `MiB after ${whole(look.rows)}`), 'peak MiB'],
  [[whole(rowsPerSecond), ...looks.map(({ bytes }) => mebibytes(bytes)), mebibytes(peakBytes)]],
)}

- \`updateMany\` with ${whole(rowsPerCall)} updates a call, one call after another; no latency, no quota. Resident memory of this service
  (\`VmRSS\`, at the peak \`VmHWM\`), from before the first call on. The client and the simulator share the machine with it.`;
}
